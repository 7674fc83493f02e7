// Knative's sample source: an event every so often, until it is told to stop.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Cli.Sending;

/// <summary>What one run of heartbeats does, as a ContainerSource starts it.</summary>
internal sealed record Heartbeats
{
    private const string Type = "dev.knative.eventing.samples.heartbeat";

    public required Uri Sink { get; init; }

    public required TimeSpan Period { get; init; }

    public string Label { get; init; } = "";

    /// <summary>Namespace and name of the Pod; part of the event's source.</summary>
    public string Pod { get; init; } = "/";

    /// <summary>Extensions of <c>K_CE_OVERRIDES</c>.</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();

    /// <summary>Sends until cancelled; what fails is told and left.</summary>
    public async Task RunAsync(
        HttpClient client, Action<string> tell, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        for (var beat = 1; await timer.WaitForNextTickAsync(cancellationToken); beat++)
        {
            try
            {
                using var request = EventRequest.Of([Event(beat)], new SendOptions { Url = Sink });
                using var answer = await client.SendAsync(request, cancellationToken);
                tell($"beat {beat}: {Sink} answered {(int)answer.StatusCode}");
            }
            catch (HttpRequestException failure)
            {
                tell($"beat {beat}: {Sink}: {failure.Message}");
            }
        }
    }

    /// <summary>The extensions in the value of <c>K_CE_OVERRIDES</c>.</summary>
    public static IReadOnlyDictionary<string, string> ExtensionsOf(string? overrides)
    {
        if (string.IsNullOrEmpty(overrides))
        {
            return new Dictionary<string, string>();
        }

        try
        {
            return JsonNode.Parse(overrides)?["extensions"]?.AsObject()
                .ToDictionary(pair => pair.Key, pair => $"{pair.Value}") ?? [];
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw new CommandException($"K_CE_OVERRIDES: {malformed.Message}");
        }
    }

    private JsonObject Event(int beat)
    {
        var sent = new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = Guid.CreateVersion7().ToString(),
            ["type"] = Type,
            ["source"] = $"https://knative.dev/eventing/cmd/heartbeats/#{Pod}",
            ["datacontenttype"] = "application/json",
            ["data"] = new JsonObject { ["id"] = beat, ["label"] = Label },
        };
        foreach (var (name, value) in Extensions)
        {
            sent[name] = value;
        }

        return sent;
    }
}
