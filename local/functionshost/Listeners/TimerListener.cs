// Fires a timer function at its times, one run after the other, and notices a run missed while the host was down.
using System.Buffers;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.FunctionsHost.App;
using ServerlessEventing.Local.FunctionsHost.Invocations;
using ServerlessEventing.Local.FunctionsHost.Timers;

namespace ServerlessEventing.Local.FunctionsHost.Listeners;

/// <summary>
/// One timer. The next time is computed after a run has ended, so runs never overlap. Missed runs are made up for by
/// one run with IsPastDue. Timers that fire more than once a minute are not monitored, as in the real host.
/// </summary>
internal sealed partial class TimerListener : IAsyncDisposable
{
    private readonly string function;
    private readonly TimerTrigger trigger;
    private readonly ScheduleMonitor? monitor;
    private readonly Invoker invoker;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationToken abort;
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    /// <param name="cancellationToken">Cuts off an invocation that the stopping host has waited for.</param>
    public TimerListener(
        string function,
        TimerTrigger trigger,
        ScheduleMonitor monitor,
        Invoker invoker,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        this.function = function;
        this.trigger = trigger;
        this.invoker = invoker;
        this.time = time;
        this.logger = logger;
        abort = cancellationToken;
        var monitored = trigger.UseMonitor && !trigger.Schedule.IsFasterThanMonitored(time.GetUtcNow(), Zone);
        this.monitor = monitored ? monitor : null;
    }

    private TimeZoneInfo Zone => time.LocalTimeZone;

    public void Start() => running = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var status = monitor?.Load(function);
        var now = time.GetUtcNow();
        var pastDue = status is not null && status.Next < now;
        if (status is null && trigger.Schedule.Next(now, Zone) is { } first)
        {
            status = new(DateTimeOffset.MinValue, first, DateTimeOffset.MinValue);
        }

        if (status is null)
        {
            Log.Never(logger, function, trigger.Schedule);
            return;
        }

        monitor?.Save(function, status);
        try
        {
            if (pastDue || trigger.RunOnStartup)
            {
                status = await FireAsync(status, pastDue);
            }

            while (status is not null)
            {
                await WaitUntilAsync(status.Next);
                status = await FireAsync(status, pastDue: false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops; the run in flight, if any, has been waited for.
        }
    }

    private async Task WaitUntilAsync(DateTimeOffset due)
    {
        // In steps, because a clock can be set and a delay has a longest length.
        while (due - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            var step = left < TimeSpan.FromHours(1) ? left : TimeSpan.FromHours(1);
            await Task.Delay(step + TimeSpan.FromMilliseconds(1), time, stopping.Token);
        }

        stopping.Token.ThrowIfCancellationRequested();
    }

    /// <summary>One run with its retries; then the status that follows it, null when there is no next time.</summary>
    private async Task<ScheduleStatus?> FireAsync(ScheduleStatus status, bool pastDue)
    {
        var started = time.GetLocalNow();
        await InvokeAsync(status, pastDue);
        if (trigger.Schedule.Next(time.GetUtcNow(), Zone) is not { } next)
        {
            Log.Never(logger, function, trigger.Schedule);
            return null;
        }

        var after = new ScheduleStatus(started, next, started);
        monitor?.Save(function, after);
        return after;
    }

    private async Task InvokeAsync(ScheduleStatus status, bool pastDue)
    {
        var invocation = Guid.NewGuid();
        string? failure = null;
        for (var retry = 0; ; retry++)
        {
            var buffer = new ArrayBufferWriter<byte>(1024);
            new TimerEnvelope
            {
                BindingName = trigger.BindingName,
                Status = monitor is null ? null : status,
                IsPastDue = pastDue,
                Retry = trigger.Retry is { } policy ? new(retry, policy.MaxRetryCount, failure) : null,
            }.Write(buffer, new(function, time.GetUtcNow(), Guid.NewGuid()));
            var result = await invoker.InvokeAsync(function, invocation, buffer.WrittenMemory, abort);
            if (result.Succeeded)
            {
                return;
            }

            failure = result.Failure!;
            Log.Failed(logger, function, retry, failure);
            if (trigger.Retry is not { } again || (again.MaxRetryCount >= 0 && retry >= again.MaxRetryCount))
            {
                return;
            }

            await Task.Delay(again.DelayBefore(retry + 1), time, stopping.Token);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Function} failed (retry {Retry}): {Reason}")]
        public static partial void Failed(ILogger logger, string function, int retry, string reason);

        [LoggerMessage(2, LogLevel.Warning, "{Function} will not fire: {Schedule} has no next time")]
        public static partial void Never(ILogger logger, string function, TimerSchedule schedule);
    }
}
