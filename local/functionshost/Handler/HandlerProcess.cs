// One run of the handler: starts it, pipes its lines to the log, asks whether it listens, ends it.
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.FunctionsHost.Handler;

/// <summary>
/// A running handler process. Its stdin stays open as long as we live: a handler may end when it closes.
/// </summary>
internal sealed partial class HandlerProcess : IAsyncDisposable
{
    private static readonly TimeSpan GraceAfterStdinCloses = TimeSpan.FromSeconds(5);

    private readonly Process process;
    private readonly Task output;

    private HandlerProcess(Process process, int port, ILogger logger)
    {
        this.process = process;
        Port = port;
        Id = process.Id;
        Address = new Uri($"http://127.0.0.1:{port}/");
        Exited = process.WaitForExitAsync(CancellationToken.None);
        output = Task.WhenAll(
            PipeAsync(process.StandardOutput, line => Log.Stdout(logger, line)),
            PipeAsync(process.StandardError, line => Log.Stderr(logger, line)));
    }

    public int Id { get; }

    public int Port { get; }

    public Uri Address { get; }

    public Task Exited { get; }

    public int ExitCode => process.ExitCode;

    /// <summary>The started process, or the reason why the operating system would not start it.</summary>
    public static (HandlerProcess? Process, string? Failure) Start(HandlerCommand command, ILogger logger)
    {
        var port = FreePort();
        try
        {
            var process = Process.Start(command.For(port, Guid.NewGuid()));
            return process is null ? (null, "it was not started") : (new(process, port, logger), null);
        }
        catch (Exception refused) when (refused is Win32Exception or IOException)
        {
            return (null, refused.Message);
        }
    }

    /// <summary>
    /// True as soon as anything answers <c>GET /</c>; false when nothing did within the limit or it ended.
    /// </summary>
    public async Task<bool> IsListeningWithinAsync(
        TimeSpan limit, HttpMessageInvoker http, TimeProvider time, CancellationToken cancellationToken)
    {
        var between = TimeSpan.FromMilliseconds(25);
        var started = time.GetTimestamp();
        while (!Exited.IsCompleted && time.GetElapsedTime(started) < limit)
        {
            if (await AnswersAsync(http, cancellationToken))
            {
                return true;
            }

            await Task.WhenAny(Exited, Task.Delay(between, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        return false;
    }

    /// <summary>Closes its stdin, gives it a moment to end by itself, then kills it and its children.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended first, and the pipe with it.
        }

        await Task.WhenAny(Exited, Task.Delay(GraceAfterStdinCloses));
        Kill();
        await Exited;
        // A grandchild that outlives the kill may hold the pipes open: its lines are not worth waiting for.
        await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(1)));
        process.Dispose();
    }

    public void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended between the question and the kill.
        }
    }

    private async Task<bool> AnswersAsync(HttpMessageInvoker http, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address);
            using var response = await http.SendAsync(request, limit.Token);
            return true;
        }
        catch (HttpRequestException refused)
        {
            // As in the real host: whoever breaks HTTP is there; who refuses the connection is not yet.
            return refused.HttpRequestError != HttpRequestError.ConnectionError;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task PipeAsync(StreamReader reader, Action<string> write)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                write(line);
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The pipe went with the process.
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Line}")]
        public static partial void Stdout(ILogger logger, string line);

        [LoggerMessage(2, LogLevel.Error, "{Line}")]
        public static partial void Stderr(ILogger logger, string line);
    }
}
