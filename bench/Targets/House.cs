// A local house of our own, in a fresh data folder, with a Broker and a Trigger to the bench's subscriber.
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ServerlessEventing.Bench.Targets;

/// <summary>Starts `eventing up` as it is built in this repository; its folder goes when it stops.</summary>
internal sealed class House : IAsyncDisposable
{
    private const string ReadyMark = "Serverless Eventing is up";
    private const string Namespace = "bench";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan PatienceATrigger = TimeSpan.FromSeconds(1);
    private static readonly int[] Ports = [7071, 5672, 5300, 6443, 3128];

    private readonly string folder;
    private ChildProcess? process;

    private House(string folder) => this.folder = folder;

    /// <summary>What the target of a door is called.</summary>
    public static string Named(string door) => $"house, {door} door";

    /// <summary>
    /// Starts a house whose Broker has so many Triggers; each subscribes the same, the first everything, the others a
    /// type that no event has.
    /// </summary>
    public static async Task<Target> StartAsync(
        string door, Uri subscriber, CancellationToken cancellationToken, int triggers = 1)
    {
        var command = EventingCommand.Find();
        var house = new House(Directory.CreateTempSubdirectory("eventing-bench-").FullName);
        var manifest = Path.Combine(house.folder, "bench.yaml");
        await File.WriteAllTextAsync(manifest, Manifests(subscriber, triggers), cancellationToken);
        var offset = FreeOffset();
        try
        {
            house.process = await ChildProcess.StartAsync(
                command,
                [
                    "up", manifest, "--data", Path.Combine(house.folder, "data"), "--door", door,
                    "--port-offset", offset.ToString(CultureInfo.InvariantCulture),
                ],
                ReadyMark, Patience + (triggers * PatienceATrigger), cancellationToken);
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }

        var ingress = new Uri($"http://127.0.0.1:{Ports[0] + offset}/{Namespace}/default");
        var name = triggers == 1 ? Named(door) : $"{door} door, {triggers} Triggers";
        return new(name, ingress, delivers: true, house.process.Id, house);
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // Somebody still looks at a file; the system's temp folder is swept by its owner.
        }
    }

    private static string Manifests(Uri subscriber, int triggers) => string.Join(
        "\n---\n",
        [
            $"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: {Namespace}
            """,
            $"""
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata:
              name: default
              namespace: {Namespace}
            """,
            Trigger("all", subscriber, "[]"),
            .. Enumerable.Range(1, triggers - 1)
                .Select(n => Trigger($"other-{n}", subscriber, $"[{{exact: {{type: com.example.other.{n}}}}}]")),
        ]);

    private static string Trigger(string name, Uri subscriber, string filters) => $"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata:
          name: {name}
          namespace: {Namespace}
        spec:
          broker: default
          filters: {filters}
          subscriber:
            uri: {subscriber}
        """;

    /// <summary>An offset at which every port of the house is free.</summary>
    private static int FreeOffset()
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var offset = Random.Shared.Next(100, 500) * 100;
            if (Ports.All(port => IsFree(port + offset)))
            {
                return offset;
            }
        }

        throw new BenchException("No port offset was found at which all five ports of the house are free.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
