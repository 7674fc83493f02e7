// Runs a program as an image would be run, without a container engine: another user, nothing to write on but /tmp.
using System.Diagnostics;
using System.Text;

namespace ServerlessEventing.Infra.Tests.Images;

/// <summary>
/// A mount namespace of its own in which the whole file system is read-only, and in it the user of the image without
/// any privilege. Needs root to set up, as a container engine does.
/// </summary>
internal sealed class Container : IAsyncDisposable
{
    private const string Script = """
        set -e
        mount --make-rprivate /
        mount --bind "$1" /mnt
        mount -t tmpfs -o mode=1777 tmpfs /tmp
        mount -o remount,ro,bind /mnt
        mount -o remount,ro,bind /
        shift
        exec setpriv --reuid "$1" --regid "$1" --clear-groups --no-new-privs --bounding-set -all "${@:2}"
        """;

    private readonly Process process;
    private readonly StringBuilder output = new();

    private Container(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>
    /// Starts <paramref name="command"/>; <paramref name="layout"/> is at <c>/mnt</c>, and that is what the command
    /// must begin with.
    /// </summary>
    public static Container Start(
        string layout, string user, IEnumerable<string> command, IReadOnlyDictionary<string, string> environment)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "Only root can set up a read-only root and another user: the image layouts were not run.");
        var start = new ProcessStartInfo("unshare")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in (string[])["--mount", "bash", "-c", Script, "container", layout, user, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        var path = start.Environment["PATH"];
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["HOME"] = "/tmp";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Container(Process.Start(start)!);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Asks it to stop, as an orchestrator does, and returns its exit code.</summary>
    public async Task<int> StopAsync(TimeSpan patience)
    {
        await CommandLine.OkAsync("kill", $"-TERM {process.Id}");
        await process.WaitForExitAsync().WaitAsync(patience);
        return process.ExitCode;
    }

    private void Append(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
