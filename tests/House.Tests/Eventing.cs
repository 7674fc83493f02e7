// Runs the `eventing` command as it was built.
using System.Diagnostics;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>The command's processes.</summary>
internal static class Eventing
{
    private static readonly int[] HousePorts = [7071, 5672, 5300, 6443, 3128];

    /// <summary>Starts the command; each line of both its outputs goes to <paramref name="line"/>.</summary>
    public static Process Start(
        IEnumerable<string> args, Action<string> line, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "eventing.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, received) => Tell(received.Data);
        process.ErrorDataReceived += (_, received) => Tell(received.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Tell(string? text)
        {
            if (text is not null)
            {
                line(text);
            }
        }
    }

    /// <summary>Runs the command to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(TimeSpan limit, params string[] args)
    {
        var output = new StringBuilder();
        using var process = Start(args, line =>
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        });
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"eventing {string.Join(' ', args)} did not end within {limit.TotalSeconds:0} s:\n{output}");
        }

        lock (output)
        {
            return (process.ExitCode, output.ToString());
        }
    }

    /// <summary>A port offset whose ports are all free, below the range the system hands out.</summary>
    public static int FreeOffset()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var offset = Random.Shared.Next(10_000, 24_000);
            if (HousePorts.All(port => FreePort.IsFree(port + offset)))
            {
                return offset;
            }
        }

        throw new InvalidOperationException("No free ports.");
    }
}
