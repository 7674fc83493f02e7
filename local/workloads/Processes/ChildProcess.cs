// One run of a local command: started with a bare environment, its lines taken, asked to end before it is made to.
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ServerlessEventing.Local.Workloads.Processes;

/// <summary>
/// A child that ends when its stdin closes: so none outlives this process, however that ends. One that is ended alone
/// gets SIGTERM first and its grace, as a container does.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    private static readonly TimeSpan ShortGrace = TimeSpan.FromSeconds(5);

    /// <summary>What a child takes over from this process; containers get nothing else of the machine either.</summary>
    private static readonly string[] Inherited =
    [
        "PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "TZ", "SystemRoot", "USERPROFILE",
        "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "DOTNET_HOST_PATH",
    ];

    private readonly Process process;
    private readonly Task output;

    private ChildProcess(Process process, Action<string> line)
    {
        this.process = process;
        Id = process.Id;
        output = Task.WhenAll(
            LineReader.PumpAsync(process.StandardOutput, line), LineReader.PumpAsync(process.StandardError, line));
        Exited = WaitAsync();
    }

    public int Id { get; }

    /// <summary>Ends with the exit code when the process has ended and its last lines are in.</summary>
    public Task<int> Exited { get; }

    /// <summary>The running child, or why the system would not start it.</summary>
    public static (ChildProcess? Child, string? Problem) Start(
        string executable,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        Action<string> line)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            var inherited = Inherited.Where(start.Environment.ContainsKey)
                .Select(name => KeyValuePair.Create(name, start.Environment[name])).ToList();
            start.Environment.Clear();
            foreach (var (name, value) in inherited)
            {
                start.Environment[name] = value;
            }

            foreach (var (name, value) in environment)
            {
                start.Environment[name] = value;
            }

            return (new ChildProcess(Process.Start(start)!, line), null);
        }
        catch (Exception refused) when (refused is Win32Exception or IOException or ArgumentException)
        {
            return (null, refused.Message);
        }
    }

    /// <summary>
    /// Asks it to end and waits for that as long as <paramref name="grace"/>, or until cancelled.
    /// Where there are no signals it is not asked: disposing ends it.
    /// </summary>
    public async Task DrainAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || Exited.IsCompleted || process.HasExited)
        {
            return;
        }

        _ = Kill(Id, Terminate);
        await Task.WhenAny(Exited, Task.Delay(grace, cancellationToken));
    }

    /// <summary>Closes its stdin, gives it a moment to end by itself, then kills it and its own children.</summary>
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

        await Task.WhenAny(Exited, Task.Delay(ShortGrace));
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It had ended by itself.
        }

        await Exited;
        process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync();
        // A grandchild may hold the pipes open after the child's end: its lines are not worth waiting for.
        await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(1)));
        return process.ExitCode;
    }
}
