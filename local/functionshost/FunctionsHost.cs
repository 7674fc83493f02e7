// A small Azure Functions host: runs a function app by the custom-handler contract. A test bed, not for production.
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.FunctionsHost.App;
using ServerlessEventing.Local.FunctionsHost.Handler;
using ServerlessEventing.Local.FunctionsHost.Http;
using ServerlessEventing.Local.FunctionsHost.Invocations;
using ServerlessEventing.Local.FunctionsHost.Listeners;
using ServerlessEventing.Local.FunctionsHost.Timers;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Local.FunctionsHost;

/// <summary>
/// A running function app.
/// <code>
///   (1) read and check host.json and each function.json
///   (2) listen; requests that come now wait for (4)
///   (3) start the handler process, with the contract's variables
///   (4) it answers GET /: proxied requests flow, triggers start
///
///   HTTP client ──► HttpFront ──route──► HandlerProxy ─────stream────► handler
///   Service Bus ──► ServiceBusListener ─┐
///   clock       ──► TimerListener ──────┴► Invoker ─POST /{Function}─► handler
/// </code>
/// </summary>
public sealed partial class FunctionsHost : IAsyncDisposable
{
    /// <summary>How long invocations in flight may go on once the host is asked to stop.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly FunctionApp app;
    private readonly HttpFront front;
    private readonly HandlerSupervisor handler;
    private readonly Invoker invoker;
    private readonly FunctionsHostOptions options;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource abort = new();
    private readonly Dictionary<string, ServiceBusClient> clients = [];
    private readonly List<IAsyncDisposable> listeners = [];
    private readonly Task started;
    private int disposed;

    private FunctionsHost(
        FunctionApp app, HttpFront front, HandlerSupervisor handler, FunctionsHostOptions options)
    {
        this.app = app;
        this.front = front;
        this.handler = handler;
        this.options = options;
        logger = options.LoggerFactory.CreateLogger("FunctionsHost");
        invoker = new(handler, app.Host.FunctionTimeout, options.TimeProvider,
            options.LoggerFactory.CreateLogger("FunctionsHost.Invocations"));
        front.Use(handler, options.TimeProvider, options.LoggerFactory.CreateLogger("FunctionsHost.Http"));
        started = StartListenersAsync();
    }

    /// <summary>The loopback port of the app's HTTP functions.</summary>
    public int Port => front.Port;

    /// <summary>The process id of the handler running now; null between two of them.</summary>
    public int? HandlerProcessId => handler.Current?.Id;

    /// <summary>
    /// Completes once the handler has answered and the triggers run; cancelled if the host stops first.
    /// </summary>
    public Task Ready => started;

    /// <summary>Completes with the reason when the handler cannot be kept running; the app is then dead.</summary>
    public Task<string> Fatal => handler.Fatal;

    /// <summary>
    /// Starts an app. Returns when the port is open and the handler process started: await <see cref="Ready"/> for the
    /// handler itself. Throws <see cref="FunctionsHostStartException"/> with a message meant for the user.
    /// </summary>
    public static async Task<FunctionsHost> StartAsync(
        FunctionsHostOptions options, CancellationToken cancellationToken = default)
    {
        var settings = new AppSettings(options.Settings);
        var (app, problems) = AppReader.Read(options.AppRoot, settings, options.HandlerExecutable is not null);
        if (app is null)
        {
            throw FunctionsHostStartException.AppInvalid(problems);
        }

        HttpFront front;
        try
        {
            front = await HttpFront.StartAsync(
                app, settings, options.Port, options.LoggerFactory, cancellationToken);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw FunctionsHostStartException.PortTaken(options.Port);
        }

        var command = HandlerCommand.From(
            app, settings, options.HandlerExecutable, options.HandlerArguments, front.Port);
        var handler = new HandlerSupervisor(
            command, app.Host.Handler.InitializationTimeout, options.TimeProvider, options.LoggerFactory);
        if (handler.Start() is { } failure)
        {
            await front.DisposeAsync();
            await handler.DisposeAsync();
            throw FunctionsHostStartException.HandlerNotStarted(command.Executable, failure);
        }

        return new(app, front, handler, options);
    }

    /// <summary>
    /// Stops in this order: triggers take nothing new, invocations in flight end (or are cut off after a while), the
    /// listener closes, the handler's stdin closes, the handler and its children are killed if they still run.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        await stopping.CancelAsync();
        abort.CancelAfter(Grace);
        await started.ContinueWith(_ => { }, TaskScheduler.Default);
        await Task.WhenAll(listeners.Select(listener => listener.DisposeAsync().AsTask()));
        await front.DisposeAsync();
        await handler.DisposeAsync();
        foreach (var client in clients.Values)
        {
            await client.DisposeAsync();
        }

        invoker.Dispose();
        abort.Dispose();
        stopping.Dispose();
    }

    private async Task StartListenersAsync()
    {
        await handler.ReadyAsync(stopping.Token);
        var monitor = new ScheduleMonitor(options.DataFolder ?? DefaultDataFolder());
        var bus = options.LoggerFactory.CreateLogger("FunctionsHost.ServiceBus");
        var timers = options.LoggerFactory.CreateLogger("FunctionsHost.Timers");
        foreach (var function in app.Functions)
        {
            switch (function.Trigger)
            {
                case ServiceBusTrigger trigger:
                    var listener = new ServiceBusListener(
                        function.Name, trigger, app.Host.ServiceBus, Client(trigger), invoker, options.TimeProvider,
                        bus, abort.Token);
                    listeners.Add(listener);
                    await listener.StartAsync(stopping.Token);
                    break;
                case TimerTrigger trigger:
                    var timer = new TimerListener(
                        function.Name, trigger, monitor, invoker, options.TimeProvider, timers, abort.Token);
                    listeners.Add(timer);
                    timer.Start();
                    break;
            }
        }

        Log.Started(logger, app.Functions.Count, Port);
    }

    /// <summary>One client, and so one connection, for each connection string.</summary>
    private ServiceBusClient Client(ServiceBusTrigger trigger)
    {
        if (!clients.TryGetValue(trigger.ConnectionString, out var client))
        {
            client = new ServiceBusClient(trigger.ConnectionString);
            clients.Add(trigger.ConnectionString, client);
        }

        return client;
    }

    private string DefaultDataFolder()
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(app.Root));
        return Path.Combine(Path.GetTempPath(), "functionshost-" + Convert.ToHexStringLower(hash)[..12], "timers");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} functions run; HTTP on port {Port}")]
        public static partial void Started(ILogger logger, int count, int port);
    }
}
