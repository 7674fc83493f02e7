// How often the routing table is written while everything changes.
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class PublisherTests : IAsyncLifetime
{
    private const int MostEachSecond = 4;
    private static readonly TimeSpan Churn = TimeSpan.FromSeconds(2);

    private readonly House _house = new() { HasOperator = false };

    public ValueTask InitializeAsync() => _house.InitializeAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task Table_UnderChurn_IsWrittenFourTimesASecondAtMostAndEndsAsLastAsked()
    {
        var ns = await _house.Namespace();
        var time = TimeProvider.System;
        using var client = ClusterClient.FromKubeconfig(_house.Kubeconfig);
        var store = new RoutingStore(client, new EventRecorder(client, time, Quiet), ns, time, Quiet);
        var state = new RoutingState(time);
        var publisher = new RoutingPublisher(state, store, new RoutingBarrier(time), time, Quiet);
        state.Load(RoutingTable.Empty);
        using var stop = new CancellationTokenSource();
        var running = publisher.RunAsync(TimeSpan.FromMinutes(5), stop.Token);
        await publisher.First;

        var began = Stopwatch.StartNew();
        var written = await WritesAsync(ns);
        var first = publisher.Current!.Snapshot.Generation;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        RoutingMark last;
        var changes = 0;
        do
        {
            last = state.Put(Egress($"{changes++}"));
            await pace.WaitForNextTickAsync();
        }
        while (began.Elapsed < Churn);

        await Eventually.True(() => publisher.Current.Snapshot.Generation >= last.Generation, "the last is published");
        written = await WritesAsync(ns) - written;
        var published = publisher.Current.Snapshot.Generation - first;
        await stop.CancelAsync();
        await running;

        var most = (began.Elapsed.TotalSeconds * MostEachSecond) + 1;
        Assert.InRange(published, 1, most);
        Assert.InRange(written, published, most);
        Assert.Equal(changes, (await store.LoadAsync(default)).Table.Egresses.Count);
    }

    // Nothing else is written in this house: its resource versions count.
    private async Task<long> WritesAsync(string ns) => long.Parse(
        (await _house.Get($"api/v1/namespaces/{ns}/configmaps/{RoutingStore.Name}"))!.Version,
        CultureInfo.InvariantCulture);

    private static NullLogger Quiet => NullLogger.Instance;

    private static Egress Egress(string uid) => new()
    {
        Uid = uid, Kind = EgressKind.Trigger, Namespace = "ns", Name = uid, Lane = "lane",
    };
}
