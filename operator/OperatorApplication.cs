// The whole operator: its endpoints, and the work of whichever replica leads.
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Leadership;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator;

/// <summary>A running operator.</summary>
/// <remarks>
/// <code>
///   API server ─► informers ─► queues ─► reconcilers ─┬─► bus (topics, bus subscriptions, rules)
///                                                     ├─► routing table ─► ConfigMap ─► GET /routing ─► functions
///   (all of this: OperatorTerm, in the leader only)   └─► statuses, Events, owned objects
///
///   standby: waits for the Lease, passes GET /routing on to the leader, writes nothing
/// </code>
/// </remarks>
public sealed class OperatorApplication : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly OperatorOptions _options;
    private readonly ClusterClient _client;
    private readonly OperatorMetrics _metrics = new();
    private readonly ILogger _logger;
    private readonly WebApplication _web;
    private LeaderElector? _elector;
    private volatile OperatorTerm? _term;
    private Task _electing = Task.CompletedTask;
    private int _disposed;

    private OperatorApplication(OperatorOptions options)
    {
        _options = options;
        _logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Eventing.Operator");
        _client = ClusterClient.FromKubeconfig(options.KubeconfigPath);
        _web = OperatorEndpoints.Build(options, () => _term, () => _elector);
        _metrics.Watch(() => IsLeader, () => _term?.Routing.Publisher.Current?.Snapshot.Generation ?? 0);
    }

    /// <summary>Where the routing table is served; what the functions' setting <c>RoutingTable</c> wants.</summary>
    public Uri RoutingUri => new(new Uri(_web.Urls.First()), "routing");

    /// <summary>Whether this replica works; without leader election the only one does.</summary>
    public bool IsLeader => _term is not null;

    /// <summary>Runs until cancelled.</summary>
    public static async Task RunAsync(OperatorOptions options, CancellationToken cancellationToken)
    {
        await using var application = await StartAsync(options, cancellationToken);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => stopped.TrySetResult());
        await stopped.Task;
    }

    /// <summary>
    /// Waits for the API server if it must. Alone, returns when the first routing table is served; with other
    /// replicas, when it is known who leads.
    /// </summary>
    public static async Task<OperatorApplication> StartAsync(
        OperatorOptions options, CancellationToken cancellationToken)
    {
        var application = new OperatorApplication(options);
        try
        {
            await application._web.StartAsync(cancellationToken);
            await application.BeginAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return application;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _electing;
        if (_term is { } term)
        {
            await term.DisposeAsync();
        }

        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _web.StopAsync(grace.Token);
        await _web.DisposeAsync();
        _client.Dispose();
        _metrics.Dispose();
        _stopping.Dispose();
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (_options.Leader is not { } leader)
        {
            _term = await StartTermAsync(cancellationToken);
            return;
        }

        _elector = new LeaderElector(
            _client, _options.SystemNamespace, leader, RoutingUri, _options.TimeProvider, _logger);
        _electing = _elector.RunAsync(LeadAsync, _stopping.Token);
        await _elector.Seen.WaitAsync(cancellationToken);
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        await using var term = await StartTermAsync(cancellationToken);
        _term = term;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => ended.TrySetResult());
        await ended.Task;
        _term = null;
    }

    private Task<OperatorTerm> StartTermAsync(CancellationToken cancellationToken) =>
        OperatorTerm.StartAsync(_options, RoutingUri, _client, _metrics, _logger, cancellationToken);
}
