// The whole operator: connects its parts, starts them in order, stops them in reverse.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Reconcilers;
using ServerlessEventing.Operator.Reconcilers.Sources;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator;

/// <summary>A running operator.</summary>
/// <remarks>
/// <code>
///   API server ─► informers ─► queues ─► reconcilers ─┬─► bus (topics, bus subscriptions, rules)
///                                                     ├─► routing table ─► ConfigMap ─► GET /routing ─► functions
///                                                     └─► statuses, Events, owned objects
/// </code>
/// One operator writes. The seam for leader election is <see cref="StartAsync"/>: everything up to the informers may
/// run in a standby, everything after it only in the leader.
/// </remarks>
public sealed class OperatorApplication : IAsyncDisposable
{
    private static readonly TimeSpan DeafAfter = TimeSpan.FromMinutes(20);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ClusterClient _client;
    private readonly WebApplication _web;
    private readonly InformerSet _informers;
    private readonly RoutingPublisher _publisher;
    private ControllerSet? _controllers;
    private Task _running = Task.CompletedTask;

    private OperatorApplication(
        ClusterClient client, WebApplication web, InformerSet informers, RoutingPublisher publisher)
    {
        _client = client;
        _web = web;
        _informers = informers;
        _publisher = publisher;
    }

    /// <summary>Where the routing table is served; what the functions' setting <c>RoutingTable</c> wants.</summary>
    public Uri RoutingUri => new(new Uri(_web.Urls.First()), "routing");

    /// <summary>Runs until cancelled.</summary>
    public static async Task RunAsync(OperatorOptions options, CancellationToken cancellationToken)
    {
        await using var application = await StartAsync(options, cancellationToken);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => stopped.TrySetResult());
        await stopped.Task;
    }

    /// <summary>Returns when the first routing table is served; waits for the API server if it must.</summary>
    public static async Task<OperatorApplication> StartAsync(
        OperatorOptions options, CancellationToken cancellationToken)
    {
        var logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Eventing.Operator");
        var time = options.TimeProvider;
        var client = ClusterClient.FromKubeconfig(options.KubeconfigPath);
        var installation = await new Installation(client, options.SystemNamespace, time, logger)
            .EnsureAsync(cancellationToken);

        var state = new RoutingState(time);
        var barrier = new RoutingBarrier(time);
        var store = new RoutingStore(client, options.SystemNamespace, time, logger);
        var publisher = new RoutingPublisher(state, store, barrier, time, logger);
        var informers = new InformerSet(client, time, logger);
        var web = Web(options, publisher, barrier, informers);
        var application = new OperatorApplication(client, web, informers, publisher);
        try
        {
            await web.StartAsync(cancellationToken);
            await application.StartControllersAsync(
                options, installation, state, store, barrier, logger, cancellationToken);
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
        await _stopping.CancelAsync();
        await _running;
        await _informers.DisposeAsync();
        _controllers?.Dispose();
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _web.StopAsync(grace.Token);
        await _web.DisposeAsync();
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task StartControllersAsync(
        OperatorOptions options,
        string installation,
        RoutingState state,
        RoutingStore store,
        RoutingBarrier barrier,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var time = options.TimeProvider;
        state.Load(await store.LoadAsync(cancellationToken));

        var administration = new BusAdministration(
            new ServiceBusAdministrationClient(
                options.ServiceBusManagementConnection ?? options.ServiceBusConnection),
            new BusCircuit(time));
        var bus = new BusProvisioner(administration, installation, options.DriftPeriod, time, logger);
        var lanes = new Lanes(bus, installation, options.LockDuration, time, logger);
        var busClient = new ServiceBusClient(options.ServiceBusConnection);
        var pressure = new LanePressure(
            administration, new ForwardFailures(busClient, state, logger), state, options.PressurePeriod, time, logger);
        var events = new EventRecorder(_client, time, logger);
        var shared = new ControllerParts(
            _client,
            _informers,
            new StatusWriter(_client),
            new Finalizers(_client),
            events,
            new Tracker(),
            time,
            logger);
        var brokerClass = new BrokerClass(options.DefaultBrokerClass);
        var parts = new ReconcilerParts
        {
            Client = _client,
            Informers = _informers,
            Children = new Children(_client, _informers),
            Resolver = new DestinationResolver(_informers, options.ClusterDomain, brokerClass.IsOurs),
            Bus = bus,
            Lanes = lanes,
            Routing = state,
            Barrier = barrier,
            BrokerClass = brokerClass,
            Time = time,
            ClusterDomain = options.ClusterDomain,
            AdapterImage = options.AdapterImage,
            Wake = target => _controllers!.Wake(target),
        };
        var controllers = new ControllerSet(Reconcilers(parts), shared, options.Workers, AlsoWokenBy);
        _controllers = controllers;
        barrier.Wake += controllers.Wake;

        await _informers.StartAsync(ResourceTypes.Watched, cancellationToken);
        WakeWhatTheTableKnows(state, controllers);
        var stopping = _stopping.Token;
        _running = Task.WhenAll(
            lanes.RunAsync(stopping),
            RunPressureAsync(lanes, pressure, busClient, stopping),
            events.RunAsync(stopping),
            _publisher.RunAsync(options.DrainPeriod, stopping),
            controllers.RunAsync(stopping),
            WakeWhenLanesAreReadyAsync(lanes, controllers, stopping));
        await _publisher.First.WaitAsync(cancellationToken);
    }

    private static IEnumerable<IObjectReconciler> Reconcilers(ReconcilerParts parts) =>
    [
        new NamespaceReconciler(parts),
        new ProvisionerReconciler(),
        new BrokerReconciler(parts),
        new TriggerReconciler(parts),
        .. ResourceTypes.Channels.Select(type => new ChannelReconciler(type, parts)),
        .. ResourceTypes.Subscriptions.Select(type => new SubscriptionReconciler(type, parts)),
        new PingSourceReconciler(parts),
        new CronJobSourceReconciler(parts),
        .. ResourceTypes.ApiServerSources.Select(type => new ApiServerSourceReconciler(type, parts)),
    ];

    // A Channel shows its subscribers, so it looks again when one of them changes; an ApiServerSource that selects
    // namespaces looks again when one of those does.
    private IEnumerable<ObjectRef> AlsoWokenBy(ResourceChange change) =>
        ResourceTypes.Subscriptions.Contains(change.Type)
            ? [ChannelSubscribers.ChannelOf(change.Either, change.Type)]
        : change.Type == ResourceTypes.Namespace
            ? _informers[ResourceTypes.ApiServerSource].All
                .Where(source => source.Spec.Object("namespaceSelector") is not null)
                .Select(source => new ObjectRef(ResourceTypes.ApiServerSource.GroupKind, source.Key))
        : [];

    // What was deleted while no operator ran is known only from the table.
    private static void WakeWhatTheTableKnows(RoutingState state, ControllerSet controllers)
    {
        foreach (var (kind, @namespace, name, _) in state.Objects())
        {
            var types = kind switch
            {
                nameof(IngressKind.Broker) => [ResourceTypes.Broker],
                nameof(IngressKind.Channel) => ResourceTypes.Channels,
                nameof(EgressKind.Trigger) => [ResourceTypes.Trigger],
                nameof(EgressKind.Subscription) => ResourceTypes.Subscriptions,
                nameof(EgressKind.Source) => ResourceTypes.CronSources,
                _ => [],
            };
            foreach (var type in types)
            {
                controllers.Wake(new ObjectRef(type.GroupKind, @namespace, name));
            }
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
        Lanes lanes, ControllerSet controllers, CancellationToken cancellationToken)
    {
        await Task.WhenAny(lanes.Ready, Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
        foreach (var type in ResourceTypes.Subscriptions)
        {
            foreach (var subscription in _informers[type].All)
            {
                controllers.Wake(new ObjectRef(type.GroupKind, subscription.Key));
            }
        }
    }

    private static WebApplication Web(
        OperatorOptions options, RoutingPublisher publisher, RoutingBarrier barrier, InformerSet informers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseUrls($"http://{options.RoutingHost}:{options.RoutingPort}");
        var web = builder.Build();
        RoutingEndpoint.Map(web, publisher, barrier, options.TimeProvider);
        // Alive: some watch was heard of lately. The bus is no part of this: a restart would not mend it.
        web.MapGet("/healthz", () => !informers.All.Any() || informers.All.Min(informer => informer.Silence) < DeafAfter
            ? Results.Text("ok")
            : Results.Text("no watch has been heard of", statusCode: StatusCodes.Status503ServiceUnavailable));
        web.MapGet("/readyz", () => informers.HaveSynced && publisher.Current is not null
            ? Results.Text("ok")
            : Results.Text("not synced yet", statusCode: StatusCodes.Status503ServiceUnavailable));
        return web;
    }
}
