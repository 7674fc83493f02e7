// What one replica runs while it leads: from the first list to the last write.
using System.Diagnostics.Metrics;
using Azure.Identity;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Reconcilers;
using ServerlessEventing.Operator.Reconcilers.EventTypes;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;
using ServerlessEventing.Operator.Telemetry;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator;

/// <summary>Everything that writes. A standby has none of it, so it cannot write.</summary>
/// <remarks>
/// <code>
///   1 load the routing table ─► 2 informers list ─► 3 queues, reconcilers, publisher run ─► 4 first table served
///   disposed: no more work is taken, what runs ends, watches close; nothing is written after that
/// </code>
/// </remarks>
internal sealed partial class OperatorTerm : IAsyncDisposable
{
    private static readonly TimeSpan BlobPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RebuildPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RebuildLook = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stopping = new();
    private readonly OperatorOptions _options;
    private readonly ClusterClient _client;
    private readonly OperatorMetrics _metrics;
    private readonly ILogger _logger;
    private readonly InformerSet _informers;
    private readonly InformerSet _subjects;
    private readonly RoutingState _state;
    private readonly RoutingBarrier _barrier;
    private readonly RoutingStore _store;
    private readonly RoutingPublisher _publisher;
    private readonly EventRecorder _events;
    private ControllerSet? _controllers;
    private Task _running = Task.CompletedTask;

    private OperatorTerm(OperatorOptions options, ClusterClient client, OperatorMetrics metrics, ILogger logger)
    {
        var time = options.TimeProvider;
        _options = options;
        _client = client;
        _metrics = metrics;
        _logger = logger;
        _state = new RoutingState(time);
        _barrier = new RoutingBarrier(time);
        _events = new EventRecorder(client, time, logger);
        _store = new RoutingStore(client, _events, options.SystemNamespace, time, logger);
        _publisher = new RoutingPublisher(_state, _store, _barrier, time, logger);
        _informers = new InformerSet(client, time, logger);
        _subjects = new InformerSet(client, time, logger);
    }

    public RoutingSource Routing => new(_publisher, _barrier);

    /// <summary>What makes EventTypes; null when that is not switched on.</summary>
    public EventTypeMaker? EventTypes { get; private set; }

    public bool IsReady => _informers.HaveSynced && _publisher.Current is not null;

    /// <summary>How long ago the least lively watch was heard of.</summary>
    public TimeSpan Silence => _informers.All.Select(informer => informer.Silence).DefaultIfEmpty().Max();

    /// <summary>Returns when the first routing table can be served.</summary>
    public static async Task<OperatorTerm> StartAsync(
        OperatorOptions options,
        Uri routingTable,
        ClusterClient client,
        OperatorMetrics metrics,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var term = new OperatorTerm(options, client, metrics, logger);
        try
        {
            var installation = await new Installation(
                client, options.SystemNamespace, options.Coexist, options.TimeProvider, logger)
                .EnsureAsync(cancellationToken);
            await term.StartAsync(installation, routingTable, cancellationToken);
            return term;
        }
        catch
        {
            await term.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await _informers.DisposeAsync();
        await _subjects.DisposeAsync();
        _controllers?.Dispose();
        _stopping.Dispose();
    }

    private async Task StartAsync(string installation, Uri routingTable, CancellationToken cancellationToken)
    {
        var time = _options.TimeProvider;
        var stored = await _store.LoadAsync(cancellationToken);
        _state.Load(stored.Table, stored.IsWhole);
        var administration = new BusAdministration(
            new ServiceBusAdministrationClient(
                _options.ServiceBusManagementConnection ?? _options.ServiceBusConnection),
            new BusCircuit(time),
            _metrics);
        var bus = new BusProvisioner(administration, installation, _options.DriftPeriod, time, _logger);
        var lanes = new Lanes(bus, installation, _options.LockDuration, time, _logger);
        var busClient = new ServiceBusClient(_options.ServiceBusConnection);
        var pressure = new LanePressure(
            administration,
            new ForwardFailures(busClient, _state, _logger),
            _state,
            _options.PressurePeriod,
            time,
            _logger);
        var shared = new ControllerParts(
            _client,
            _informers,
            new StatusWriter(_client),
            new Finalizers(_client),
            _events,
            new Tracker(),
            _metrics,
            time,
            _logger);
        var parts = Parts(bus, lanes, routingTable);
        var reconcilers = ReconcilerSet.All(parts).ToList();
        var controllers = new ControllerSet(
            reconcilers,
            shared,
            _options.Workers,
            change => ReconcilerSet.AlsoWoken(change, parts));
        _controllers = controllers;
        _barrier.Wake += controllers.Wake;
        _metrics.Watch(controllers.Queues, WatchAges);

        await _informers.StartAsync(
            !_options.Coexist ? ResourceTypes.Watched
            : _options.MakesEventTypes ? [.. ResourceTypes.WatchedBesideKnative, ResourceTypes.EventType]
            : ResourceTypes.WatchedBesideKnative,
            cancellationToken);
        foreach (var egress in _state.IsRebuilt ? LostEgresses.Of(reconcilers, parts) : [])
        {
            _state.Put(egress);
        }

        EventTypes = _options.MakesEventTypes ? new EventTypeMaker(parts, _logger) : null;
        WakeWhatTheTableKnows(parts, controllers);
        var stopping = _stopping.Token;
        _running = Task.WhenAll(
            lanes.RunAsync(stopping),
            RunPressureAsync(lanes, pressure, busClient, stopping),
            _events.RunAsync(stopping),
            PublishAsync(controllers, stopping),
            RunBlobAsync(stopping),
            EventTypes?.RunAsync(stopping) ?? Task.CompletedTask,
            controllers.RunAsync(stopping),
            new OrphanSweep(parts, _options.SweepPeriod, _logger).RunAsync(stopping),
            WakeWhenLanesAreReadyAsync(lanes, parts.Kinds, controllers, stopping));
        await _publisher.First.WaitAsync(cancellationToken);
    }

    private ReconcilerParts Parts(BusProvisioner bus, Lanes lanes, Uri routingTable)
    {
        var brokerClass = new BrokerClass(
            _options.Coexist ? "" : _options.DefaultBrokerClass, _informers);
        var kinds = _options.Coexist ? ChannelKinds.BesideKnative : ChannelKinds.All;
        var connection = ServiceBusConnectionStringProperties.Parse(_options.ServiceBusConnection);
        return new ReconcilerParts
        {
            Client = _client,
            Informers = _informers,
            Subjects = _subjects,
            Children = new Children(_client, _informers),
            Resolver = new DestinationResolver(
                _informers, _options.ClusterDomain, _options.CrossNamespaceRefs, brokerClass.IsOurs, kinds.Channels),
            Bus = bus,
            Lanes = lanes,
            Routing = _state,
            Barrier = _barrier,
            BrokerClass = brokerClass,
            Coexists = _options.Coexist,
            InjectionSelector = _options.InjectionSelector,
            Dispatch = new DispatchOptions
            {
                Image = _options.FunctionsImage,
                Secret = _options.FunctionsSecret,
                IdentityHost = connection.UsesIdentity ? connection.FullyQualifiedNamespace : null,
                RoutingTable = _options.RoutingTableUri ?? routingTable,
                TokenSecret = _options.RoutingToken is null ? null : _options.FunctionsSecret,
                SystemNamespace = _options.SystemNamespace,
                ServiceAccount = _options.FunctionsServiceAccount,
            },
            Events = _events,
            DeletionPatience = _options.DeletionPatience,
            Metrics = _metrics,
            Time = _options.TimeProvider,
            ClusterDomain = _options.ClusterDomain,
            AdapterImage = _options.AdapterImage,
            Wake = target => _controllers!.Wake(target),
        };
    }

    private IEnumerable<Measurement<double>> WatchAges() => _informers.All.Select(informer =>
        new Measurement<double>(
            informer.Silence.TotalSeconds, new KeyValuePair<string, object?>("resource", informer.Type.FullName)));

    // What was deleted while no operator ran is known only from the table.
    private void WakeWhatTheTableKnows(ReconcilerParts parts, ControllerSet controllers)
    {
        foreach (var (kind, @namespace, name, _) in _state.Objects())
        {
            var types = kind switch
            {
                nameof(IngressKind.Broker) => [ResourceTypes.Broker],
                nameof(IngressKind.Channel) => parts.Kinds.Channels,
                nameof(EgressKind.Trigger) => [ResourceTypes.Trigger],
                nameof(EgressKind.Subscription) => parts.Kinds.Subscriptions,
                nameof(EgressKind.Source) => ResourceTypes.CronSources,
                _ => [],
            };
            foreach (var type in types)
            {
                controllers.Wake(new ObjectRef(type.GroupKind, @namespace, name));
            }
        }
    }

    // A lost table is shown again only when everything was looked at, or it takes too long: where it lacks an ingress,
    // events are refused, and where an egress is not resolved yet, they wait.
    private async Task PublishAsync(ControllerSet controllers, CancellationToken cancellationToken)
    {
        if (_state.IsRebuilt)
        {
            var time = _options.TimeProvider;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var timer = time.CreateTimer(
                static state => ((CancellationTokenSource)state!).Cancel(),
                patience,
                RebuildPatience,
                Timeout.InfiniteTimeSpan);
            try
            {
                await RebuildAsync(controllers, time, patience.Token);
            }
            catch (OperationCanceledException)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    return;
                }

                Log.RebuildCut(_logger, RebuildPatience);
            }
        }

        await _publisher.RunAsync(_options.DrainPeriod, cancellationToken);
    }

    // The first pass shows which other kinds are referred to; the second sees their objects.
    private async Task RebuildAsync(ControllerSet controllers, TimeProvider time, CancellationToken cancellationToken)
    {
        await controllers.PassAsync().WaitAsync(cancellationToken);
        if (_informers.AreSettled && !_informers.HaveDiscovered)
        {
            return;
        }

        while (!_informers.AreSettled)
        {
            await Task.Delay(RebuildLook, time, cancellationToken);
        }

        await controllers.PassAsync().WaitAsync(cancellationToken);
    }

    private async Task RunBlobAsync(CancellationToken cancellationToken)
    {
        if (_options.RoutingBlob is { } blob)
        {
            using var http = new HttpClient { Timeout = BlobPatience };
            await new BlobTable(
                    blob,
                    BlobTable.HasSignature(blob) ? null : new DefaultAzureCredential(),
                    http,
                    _publisher,
                    _options.TimeProvider,
                    _logger)
                .RunAsync(cancellationToken);
        }
    }

    private static async Task RunPressureAsync(
        Lanes lanes, LanePressure pressure, ServiceBusClient busClient, CancellationToken cancellationToken)
    {
        await using (busClient)
        {
            await Task.WhenAny(lanes.Ready, Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
            await pressure.RunAsync(cancellationToken);
        }
    }

    private async Task WakeWhenLanesAreReadyAsync(
        Lanes lanes, ChannelKinds kinds, ControllerSet controllers, CancellationToken cancellationToken)
    {
        await Task.WhenAny(lanes.Ready, Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
        foreach (var type in kinds.Subscriptions)
        {
            foreach (var subscription in _informers[type].All)
            {
                controllers.Wake(new ObjectRef(type.GroupKind, subscription.Key));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning,
            Message = "The routing table is made anew; after {Patience} not every object was looked at yet")]
        public static partial void RebuildCut(ILogger logger, TimeSpan patience);
    }
}
