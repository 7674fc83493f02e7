// The handler behind the pump door: a child process that is started again when it dies.
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Cli.House;

/// <summary>Keeps one `functions` child running until disposed; the child ends when its stdin closes.</summary>
internal sealed partial class PumpProcess : IAsyncDisposable
{
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(50);

    private readonly IReadOnlyDictionary<string, string> settings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;
    private Process? child;

    private PumpProcess(IReadOnlyDictionary<string, string> settings, TimeProvider time, ILogger logger)
    {
        this.settings = settings;
        this.time = time;
        this.logger = logger;
        loop = KeepRunningAsync();
    }

    /// <summary>Starts the child and waits until it answers ready on <paramref name="port"/>.</summary>
    public static async Task<PumpProcess> StartAsync(
        int port,
        IReadOnlyDictionary<string, string> settings,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var pump = new PumpProcess(settings, time, logger);
        using var client = new HttpClient();
        while (!await IsReadyAsync(client, port, cancellationToken))
        {
            await Task.Delay(ReadyPoll, time, cancellationToken);
        }

        return pump;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop;
        stopping.Dispose();
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, int port, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync($"http://127.0.0.1:{port}/readyz", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task KeepRunningAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            child = Start();
            try
            {
                await child.WaitForExitAsync(stopping.Token);
                Log.Exited(logger, child.ExitCode);
                await Task.Delay(RestartDelay, time, stopping.Token);
            }
            catch (OperationCanceledException)
            {
                await StopChildAsync(child);
            }
        }
    }

    private Process Start()
    {
        var self = SelfProcess.ForVerb("functions", "--child");
        var start = new ProcessStartInfo(self.Executable, self.Arguments) { RedirectStandardInput = true };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("The handler did not start.");
    }

    private static async Task StopChildAsync(Process child)
    {
        child.StandardInput.Close();
        using var limit = new CancellationTokenSource(StopTimeout);
        try
        {
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill(entireProcessTree: true);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The handler ended with code {Code}; starting it again")]
        public static partial void Exited(ILogger logger, int code);
    }
}
