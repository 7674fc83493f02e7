// Serves the egresses of one dispatch group, as the routing table has them, each from its own bus subscription.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// <code>
///   table in force ─► egresses of the group ─┬─ not served yet ─► 1 pump of its bus subscription
///        ▲                                   │                    2 pump of its retries queue, unless ordered
///        └── changed ── 4 wait ◄─────────────┴─ served, and gone ► 3 stop: what is in flight comes to its end first
/// </code>
/// An egress that drains is served until it is gone: the dispatcher discards what still comes.
/// </summary>
internal sealed partial class DedicatedPumps(
    RoutingTables tables, MessagePumps pumps, FunctionsSettings settings, ILogger<DedicatedPumps> logger)
    : IHostedService, IDisposable
{
    /// <summary>How long a delivery may go on whose egress is gone from the table.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<string, IMessagePump> running = new(StringComparer.Ordinal);
    private readonly List<Task> ending = [];
    private Task following = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var model = tables.Current!;
        await ServeAsync(model);
        following = FollowAsync(model, stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await following;
        await Task.WhenAll([.. ending, .. running.Values.Select(pump => pump.StopAsync(cancellationToken))]);
    }

    public void Dispose() => stopping.Dispose();

    private async Task FollowAsync(RoutingModel model, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                model = await tables.WhenChangedAsync(model, cancellationToken);
                await ServeAsync(model);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task ServeAsync(RoutingModel model)
    {
        var wanted = new Dictionary<string, Func<IMessagePump>>(StringComparer.Ordinal);
        foreach (var route in model.Egresses)
        {
            if (route.Egress is { Dedicated: { } own } egress && own.Group == settings.DispatchGroup)
            {
                wanted[$"{own.Topic}/{own.Subscription}/{egress.Uid}/{own.Ordered}"] = () => pumps.OfEgress(egress);
                if (!own.Ordered)
                {
                    wanted[EntityNames.Retries(egress.Lane)] = () => pumps.OfRetries(egress);
                }
            }
        }

        foreach (var gone in running.Keys.Where(key => !wanted.ContainsKey(key)).ToList())
        {
            running.Remove(gone, out var pump);
            ending.RemoveAll(end => end.IsCompleted);
            ending.Add(EndAsync(gone, pump!));
        }

        foreach (var (key, make) in wanted)
        {
            if (!running.ContainsKey(key))
            {
                var pump = running[key] = make();
                await pump.StartAsync(CancellationToken.None);
                Log.Begun(logger, key);
            }
        }
    }

    private async Task EndAsync(string entity, IMessagePump pump)
    {
        using var hurry = new CancellationTokenSource(Patience);
        await pump.StopAsync(hurry.Token);
        Log.Ended(logger, entity);
    }

    private static partial class Log
    {
        [LoggerMessage(431, LogLevel.Information, "Receiving from {Entity}")]
        public static partial void Begun(ILogger logger, string entity);

        [LoggerMessage(432, LogLevel.Information, "Not receiving from {Entity} any more")]
        public static partial void Ended(ILogger logger, string entity);
    }
}
