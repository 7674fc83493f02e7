// The function app as one call: settings, routing table, then the door.
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Doors;
using ServerlessEventing.Functions.EventTypes;
using ServerlessEventing.Functions.Ingress;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Sources;
using ServerlessEventing.Functions.Telemetry;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions;

/// <summary>Runs the data plane in this process until cancelled or told to stop by a signal.</summary>
public static class FunctionsApplication
{
    private const int BadSettings = 2;
    private const int PortTaken = 3;
    private const long MaxInvocationBytes = 200 * 1024 * 1024;
    private const int MaxHeaderBytes = 256 * 1024;
    private const int MaxHeaders = 512;

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A body that comes more slowly for longer than the grace is answered 408.</summary>
    private static readonly MinDataRate SlowestBody = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>
    /// What is in flight at a stop gets this long; just under the 90 s of grace that its pods have in a cluster.
    /// </summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(85);

    /// <summary>Short: who waits for the bus can say so, or try the next step again.</summary>
    private static readonly TimeSpan BusTryTimeout = TimeSpan.FromSeconds(10);

    // A producer waits for its answer, so the first try after a busy bus comes sooner than a client's usual 0.8 s.
    private static readonly TimeSpan FirstBusDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Settings come from the environment, or as <c>--Name=value</c>. The port opens only once a routing table is in
    /// force. The exit code is 0 after an orderly stop, 2 when a setting is wrong and 3 when the port is taken.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken = default)
    {
        if (args is [Probe.Option, var url])
        {
            return await Probe.RunAsync(url, cancellationToken);
        }

        // The host hands its own address and content root down; a root of "/" would have the whole disk watched.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = args,
            ContentRootPath = AppContext.BaseDirectory,
        });
        if (!FunctionsSettings.TryRead(builder.Configuration, out var settings, out var error))
        {
            await Console.Error.WriteLineAsync(error);
            return BadSettings;
        }

        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // With this log on, the web server makes a span for each request; ours say what there is to say.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, settings));
        AddServices(builder.Services, settings);
        builder.Services.AddTelemetry(
            builder.Configuration, settings.Instance, prometheus: settings.MetricsPort is not null);
        await using var app = builder.Build();
        try
        {
            await ServeAsync(app, settings, cancellationToken);
            return 0;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync(
                $"{settings.Ports} is taken; stop what uses it or set {FunctionsSettings.PortSetting} to another.");
            return PortTaken;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop before the table came.
            return 0;
        }
    }

    private static async Task ServeAsync(
        WebApplication app, FunctionsSettings settings, CancellationToken cancellationToken)
    {
        var services = app.Services;
        var tables = services.GetRequiredService<RoutingTables>();
        var feed = TableFeeds.For(
            settings.RoutingTable,
            settings.Instance,
            tables,
            services.GetRequiredService<ILoggerFactory>(),
            settings.RoutingTableToken);

        // The feed outlives the door: what is in flight at the stop still sees new tables.
        using var stopFeed = new CancellationTokenSource();
        var feeding = feed.RunAsync(stopFeed.Token);
        try
        {
            // A feed never ends by itself: if it is first, it failed and says how.
            await await Task.WhenAny(tables.WhenLoadedAsync(cancellationToken), feeding);
            await services.GetRequiredService<BusPublisher>().LearnLimitAsync(
                EntityNames.DeadLetters, cancellationToken);
            if (settings.MetricsPort is { } metrics)
            {
                app.UseMetricsPort(metrics);
            }

            app.Run(settings.Pump
                ? services.GetRequiredService<PumpDoor>().HandleAsync
                : services.GetRequiredService<HostDoor>().HandleAsync);
            await await Task.WhenAny(((IHost)app).RunAsync(cancellationToken), feeding);
        }
        finally
        {
            await stopFeed.CancelAsync();
            await Task.WhenAny(feeding);
        }
    }

    // The address is set in code: ASPNETCORE_URLS, inherited from the host, is the host's own.
    private static void Listen(KestrelServerOptions kestrel, FunctionsSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxInvocationBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.MinRequestBodyDataRate = SlowestBody;
        kestrel.Listen(settings.Address, settings.Port);
        if (settings.MetricsPort is { } metrics)
        {
            kestrel.Listen(settings.MetricsAddress, metrics);
        }
    }

    private static void AddServices(IServiceCollection services, FunctionsSettings settings)
    {
        services.AddSingleton(settings);
        services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = StopTimeout;
            // A slow request must not keep the pumps receiving.
            host.ServicesStopConcurrently = true;
        });
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(_ => new ServiceBusClient(settings.Connection, new()
        {
            RetryOptions = new() { Delay = FirstBusDelay, MaxRetries = 3, TryTimeout = BusTryTimeout },
        }));
        services.AddSingleton<RoutingTables>();
        services.AddSingleton<SeenTypes>();
        if (TableFeeds.AddressOf(settings.RoutingTable) is { } table)
        {
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<TypeReporter>(
                provider, HttpTableFeed.CreateClient(table, settings.RoutingTableToken)));
        }

        services.AddSingleton<BusPublisher>();
        services.AddSingleton<Health>();
        services.AddSingleton<Intake>();
        services.AddSingleton<EventIngress>();
        services.AddSingleton<TriggerAddress>();
        services.AddSingleton(new EgressSafety(settings.AllowLoopback, settings.AllowedNetworks));
        services.AddSingleton<TrustedClients>();
        services.AddSingleton<SubscriberClient>();
        services.AddSingleton<NextSteps>();
        services.AddSingleton<Attempts>();
        services.AddSingleton<EventMetrics>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton(provider => new EgressGates(
            settings.MaxConcurrentCalls, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<CronPlanner>();
        if (settings.DispatchGroup is null && settings.Functions.Has(LaneFunction.TimerFunction))
        {
            // A deployment of one Trigger has no business with sources.
            services.AddHostedService(provider => new CronClock(
                provider.GetRequiredService<CronPlanner>(),
                provider.GetRequiredService<RoutingTables>(),
                provider.GetRequiredService<TimeProvider>(),
                wakesItself: settings.Pump));
        }

        if (settings.Pump)
        {
            services.AddSingleton<PumpDoor>();
            services.AddSingleton<MessagePumps>();
            _ = settings.DispatchGroup is null
                ? services.AddHostedService<LanePumps>()
                : services.AddHostedService<DedicatedPumps>();
        }
        else
        {
            services.AddSingleton<HostDoor>();
        }
    }
}
