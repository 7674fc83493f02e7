// Replicas follow what waits: from none to several under load and back, and nothing is lost or repeated on the way.
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>
/// <code>
///   1 nothing waits: no replica     2 a burst, and a subscriber that holds it: as many replicas as there may be
///   3 a trickle of slow deliveries: one replica is enough, the others finish what they hold and go
///   4 nothing waits: no replica
/// </code>
/// Sixty times as fast as a cluster: polls every half second, cools down in five.
/// </summary>
public sealed class ScalingTests
{
    private const int Burst = 100;
    private const int Most = 3;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task DedicatedTrigger_RunsFromNoneToManyToNone_AndLosesNothing()
    {
        using var folder = new TempFolder();
        await using var subscriber = await Subscriber.StartAsync(TakeAsync);
        await using var house = new HouseProcess(
            folder["data"], "pump", "--autoscale", "--autoscale-speed", "60");
        await File.WriteAllTextAsync(
            folder["manifests.yaml"],
            string.Join("\n---\n", Yaml.Broker, Yaml.Trigger("work", subscriber.Uri).Replace(
                "  namespace: default\n",
                $$"""
                  namespace: default
                  annotations:
                    eventing.azure.dev/dispatch: dedicated
                    eventing.azure.dev/parallelism: "4"
                    eventing.azure.dev/max-replicas: "{{Most}}"
                    eventing.azure.dev/messages-per-replica: "20"

                """,
                StringComparison.Ordinal)));
        await house.StartAsync(folder["manifests.yaml"]);

        await RehearseAsync(house, subscriber, "default", "work-trigger-filter", deliveries: 1, pace: 3);
    }

    [Fact]
    public async Task SharedLanes_ByTheManifestsOfTheCluster_RunFromNoneToManyToNone_AndLoseNothing()
    {
        const int Triggers = 10;
        using var folder = new TempFolder();
        await using var subscriber = await Subscriber.StartAsync(TakeAsync);
        await using var house = new HouseProcess(
            folder["data"], "pump", "--autoscale", "--autoscale-speed", "60");
        // The house's own function app only takes events in: delivering is left to what is scaled.
        house.Environment["AzureFunctionsJobHost__functions__0"] = "BrokerIngress";
        await File.WriteAllTextAsync(
            folder["manifests.yaml"],
            string.Join("\n---\n", Enumerable.Range(0, Triggers)
                .Select(n => Yaml.Trigger($"t{n}", subscriber.Uri)).Prepend(Yaml.Broker)));
        await house.StartAsync(folder["manifests.yaml"]);
        await new Kubectl(house).ApplyAsync(await DispatchAsync(new Kubectl(house), folder));

        await RehearseAsync(
            house, subscriber, "serverless-eventing", "eventing-dispatch", deliveries: Triggers, pace: 1);
    }

    private async Task RehearseAsync(
        HouseProcess house, Subscriber subscriber, string @namespace, string deployment, int deliveries, int pace)
    {
        var kubectl = new Kubectl(house);
        using var producer = new Producer();
        Task<string> StatusAsync(string field) => kubectl.RunAsync(
            "get", $"deployment/{deployment}", "-n", @namespace, "-o", $"jsonpath={{.status.{field}}}");

        // :: 1: at rest
        await Eventually.True(async () => await StatusAsync("replicas") == "0", "at rest nothing runs", Deadline);

        // :: 2: a burst
        await SendAsync(house, producer, "burst", Burst);
        await Eventually.True(
            async () => await StatusAsync("readyReplicas") == Most.ToString(CultureInfo.InvariantCulture),
            $"{Most} replicas are ready",
            Deadline);

        // :: 3: a trickle
        Assert.Empty(subscriber.Seen);
        open.SetResult();
        using (var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / pace)))
        {
            for (var n = 0; await StatusAsync("replicas") != "1"; n++)
            {
                Assert.True(n < Deadline.TotalSeconds * pace, "one replica is enough, but more are left");
                await SendAsync(house, producer, $"trickle-{n}", 1);
                await ticks.WaitForNextTickAsync();
            }
        }

        // :: 4: at rest
        await Eventually.True(async () => await StatusAsync("replicas") == "0", "at rest again", Deadline);

        var accepted = producer.Accepted.ToList();
        Assert.True(accepted.Count > Burst);
        await Eventually.True(
            () => accepted.All(id => subscriber.Seen.GetValueOrDefault(id) >= deliveries),
            "every accepted event arrived",
            Deadline);
        // A replica that left finished what it held: nothing came twice either.
        Assert.All(accepted, id => Assert.Equal(deliveries, subscriber.Seen[id]));
        Assert.Contains("0 → 1 replicas", house.Output, StringComparison.Ordinal);
    }

    // Holds the burst until the replicas are there; then is slow, so that a leaving replica has something in hand.
    private async Task<int> TakeAsync(HttpContext context)
    {
        await open.Task.WaitAsync(context.RequestAborted);
        if (context.Request.Headers["ce-id"].ToString().StartsWith("burst", StringComparison.Ordinal))
        {
            return StatusCodes.Status202Accepted;
        }

        using var pause = new PeriodicTimer(Slow);
        await pause.WaitForNextTickAsync(context.RequestAborted);
        return StatusCodes.Status202Accepted;
    }

    private static Task SendAsync(HouseProcess house, Producer producer, string prefix, int count) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (n, _) =>
            {
                using var answer = await producer.SendAsync(
                    new Uri(house.Ingress, "/default/default"), $"{prefix}-{n}", "com.example.work");
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            });

    // What a cluster gets for dispatch, but from no replica up and for fewer messages each.
    private static async Task<string> DispatchAsync(Kubectl kubectl, TempFolder folder)
    {
        var overlay = folder["overlay"];
        Directory.CreateDirectory(overlay);
        string Relative(string path) => Path.GetRelativePath(overlay, Repository.File(path));
        await File.WriteAllTextAsync(Path.Combine(overlay, "kustomization.yaml"), $"""
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [{Relative("infra/kustomize/overlays/azure-connection-string")}]
            components: [{Relative("infra/kustomize/components/pump-door")}]
            patches:
              - patch: |-
                  apiVersion: keda.sh/v1alpha1
                  kind: ScaledObject
                  metadata: (name: eventing-dispatch)
                  spec: (minReplicaCount: 0, maxReplicaCount: {Most})
              - target: (kind: ScaledObject)
                patch: |-
                  - (op: replace, path: /spec/triggers/0/metadata/messageCount, value: "20")
            """.Replace('(', '{').Replace(')', '}'));
        var built = await kubectl.RunAsync("kustomize", overlay);
        var dispatch = built.Split("\n---\n").Where(one =>
            one.Contains("  name: eventing-dispatch\n", StringComparison.Ordinal)
            && (one.Contains("kind: Deployment\nmetadata", StringComparison.Ordinal)
                || one.Contains("kind: ScaledObject\nmetadata", StringComparison.Ordinal)));
        const string Place = """
            apiVersion: v1
            kind: Namespace
            metadata: {name: serverless-eventing}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: eventing-routing-token, namespace: serverless-eventing}
            stringData: {token: any}
            """;
        return string.Join("\n---\n", dispatch.Prepend(Place));
    }
}
