// Waits until applied resources say Ready, and tells why when they do not.
using System.Diagnostics;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.Kubernetes;
using ServerlessEventing.Cli.Manifests;

namespace ServerlessEventing.Cli.House;

/// <summary>The Ready condition of one resource.</summary>
internal sealed record Readiness(Manifest Manifest, bool Ready, string? Reason, string? Message, string? Address)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits for all of them; what is not Ready at the deadline comes back as it is.</summary>
    public static async Task<IReadOnlyList<Readiness>> WaitAsync(
        ResourceClient client,
        IEnumerable<Manifest> manifests,
        TimeSpan deadline,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var results = new List<Readiness>();
        foreach (var manifest in manifests.Where(HasCondition))
        {
            var state = await LookAsync(client, manifest, cancellationToken);
            while (!state.Ready && watch.Elapsed < deadline)
            {
                await Task.Delay(Poll, time, cancellationToken);
                state = await LookAsync(client, manifest, cancellationToken);
            }

            results.Add(state);
        }

        return results;
    }

    private static bool HasCondition(Manifest manifest) =>
        manifest.ApiVersion.Contains("knative.dev/", StringComparison.Ordinal);

    private static async Task<Readiness> LookAsync(
        ResourceClient client, Manifest manifest, CancellationToken cancellationToken)
    {
        var item = await client.GetAsync(manifest, cancellationToken);
        var status = item?["status"] as JsonObject;
        var ready = (status?["conditions"] as JsonArray)?
            .FirstOrDefault(condition => (string?)condition?["type"] == "Ready");
        var current = (long?)status?["observedGeneration"] is not { } seen
            || seen == (long?)item?["metadata"]?["generation"];
        return new Readiness(
            manifest,
            current && (string?)ready?["status"] == "True",
            (string?)ready?["reason"],
            (string?)ready?["message"],
            (string?)status?["address"]?["url"]
                ?? (string?)status?["subscriberUri"]
                ?? (string?)status?["sinkUri"]);
    }
}
