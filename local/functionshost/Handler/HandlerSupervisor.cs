// Keeps one handler process running: starts it, waits until it answers, starts it anew when it ends.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.FunctionsHost.Handler;

/// <summary>
/// <code>
///   (1) start ──► (2) GET / every 25 ms ──answers──► (3) serve ──► (4) it ended, or a time-out ended it
///     ▲                     │ not within initializationTimeout            │
///     └──────────── (5) counted, unless asked for ◄───────────────────────┘
///                          third within 30 minutes ──► (6) fatal: the host stops
/// </code>
/// Callers get the handler's address from <see cref="ReadyAsync"/>, which waits through (1), (2) and (5).
/// </summary>
internal sealed partial class HandlerSupervisor : IAsyncDisposable
{
    /// <summary>A handler that ends with this code asks to be started again; it is not counted as a crash.</summary>
    private const int IntentionalRestart = 200;

    private readonly HandlerCommand command;
    private readonly TimeSpan initializationTimeout;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ILogger console;
    private readonly CrashWindow crashes;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource<string> fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    });

    private volatile TaskCompletionSource<HandlerProcess> ready = NewReady();
    private volatile HandlerProcess? current;
    private volatile bool restartAsked;
    private Task running = Task.CompletedTask;

    public HandlerSupervisor(
        HandlerCommand command, TimeSpan initializationTimeout, TimeProvider time, ILoggerFactory loggers)
    {
        this.command = command;
        this.initializationTimeout = initializationTimeout;
        this.time = time;
        logger = loggers.CreateLogger("FunctionsHost.Handler");
        console = loggers.CreateLogger("Host.Function.Console");
        crashes = new(time);
    }

    /// <summary>Completes with the reason when the host must stop; never faults.</summary>
    public Task<string> Fatal => fatal.Task;

    /// <summary>The process running now, ready or not.</summary>
    public HandlerProcess? Current => current;

    /// <summary>Starts the first process; the reason if the system cannot start it at all.</summary>
    public string? Start()
    {
        var (process, failure) = HandlerProcess.Start(command, console);
        if (process is null)
        {
            return failure;
        }

        running = RunAsync(process);
        return null;
    }

    /// <summary>The handler once it listens. Faults with cancellation when the host stops for good.</summary>
    public Task<HandlerProcess> ReadyAsync(CancellationToken cancellationToken) =>
        ready.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Ends <paramref name="process"/> and starts another: what a time-out of an invocation asks for.
    /// </summary>
    public void Restart(HandlerProcess process, string reason)
    {
        if (ReferenceEquals(process, current) && !restartAsked)
        {
            restartAsked = true;
            Log.Restarting(logger, process.Id, reason);
            process.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        ready.TrySetCanceled();
        http.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(HandlerProcess first)
    {
        var next = first;
        try
        {
            while (true)
            {
                var reason = await ServeAsync(next);
                if (reason is not null && crashes.Add())
                {
                    Stop($"{reason}: the third time within {CrashWindow.Length.TotalMinutes:0} minutes.");
                    return;
                }

                var (process, failure) = HandlerProcess.Start(command, console);
                if (process is null)
                {
                    Stop($"The handler {command.Executable} cannot be started: {failure}");
                    return;
                }

                next = process;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops; ServeAsync has ended the process.
        }
    }

    /// <summary>Steps 2 to 4 for one process. Null: its end was asked for; otherwise how it failed.</summary>
    private async Task<string?> ServeAsync(HandlerProcess process)
    {
        restartAsked = false;
        current = process;
        await using var ended = process;
        Log.Started(logger, process.Id, process.Port);
        if (!await process.IsListeningWithinAsync(initializationTimeout, http, time, stopping.Token))
        {
            return process.Exited.IsCompleted
                ? Ended(process)
                : Told($"The handler (process {process.Id}) did not answer GET / on port {process.Port} "
                    + $"within {initializationTimeout}");
        }

        Log.Listening(logger, process.Id, process.Port);
        ready.TrySetResult(process);
        try
        {
            await process.Exited.WaitAsync(stopping.Token);
        }
        finally
        {
            ready = NewReady();
        }

        return restartAsked || process.ExitCode == IntentionalRestart ? null : Ended(process);
    }

    private string Ended(HandlerProcess process) =>
        Told($"The handler (process {process.Id}) ended with exit code {process.ExitCode}");

    private string Told(string reason)
    {
        Log.Crashed(logger, reason);
        return reason;
    }

    private void Stop(string reason)
    {
        current = null;
        Log.Fatal(logger, reason);
        ready.TrySetCanceled();
        fatal.TrySetResult(reason);
    }

    private static TaskCompletionSource<HandlerProcess> NewReady() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Handler started: process {ProcessId}, port {Port}")]
        public static partial void Started(ILogger logger, int processId, int port);

        [LoggerMessage(2, LogLevel.Information, "Handler listens: process {ProcessId}, port {Port}")]
        public static partial void Listening(ILogger logger, int processId, int port);

        [LoggerMessage(3, LogLevel.Error, "{Reason}")]
        public static partial void Crashed(ILogger logger, string reason);

        [LoggerMessage(4, LogLevel.Warning, "Restarting the handler (process {ProcessId}): {Reason}")]
        public static partial void Restarting(ILogger logger, int processId, string reason);

        [LoggerMessage(5, LogLevel.Critical, "{Reason}")]
        public static partial void Fatal(ILogger logger, string reason);
    }
}
