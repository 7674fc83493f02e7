// Options that `up` and `demo` share, and how they become a house.
using System.CommandLine;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Local.FunctionsHost;
using ServerlessEventing.Local.ServiceBus;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Options of every command that opens a house.</summary>
internal static class HouseArguments
{
    public static readonly Option<int> PortOffset = new("--port-offset")
    {
        Description = "Number added to every port, to run beside something else",
    };

    public static readonly Option<Door> Door = new("--door")
    {
        Description = "How events reach the functions: host (a Functions host posts them) or pump (they receive)",
    };

    public static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Tell everything" };

    /// <summary>
    /// Logs to stderr: from <paramref name="usual"/> on, or everything when <paramref name="verbose"/>. What the
    /// operator warns of is left out while <paramref name="isStarting"/>.
    /// </summary>
    public static ILoggerFactory CreateLogger(
        bool verbose, LogLevel usual = LogLevel.Warning, Func<bool>? isStarting = null) =>
        LoggerFactory.Create(logging => logging
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            })
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Eventing.Operator", level => level >= (verbose ? LogLevel.Debug
                : isStarting?.Invoke() == true ? LogLevel.Error
                : usual))
            .SetMinimumLevel(verbose ? LogLevel.Debug : usual));

    /// <summary>Opens a house; failures of its parts become one line.</summary>
    public static Task<LocalHouse> OpenAsync(HouseOptions options, CancellationToken cancellationToken) =>
        StartPartAsync(() => LocalHouse.StartAsync(options, cancellationToken));

    /// <summary>Starts one part; an expected failure (a port, a folder) becomes one line.</summary>
    public static async Task<T> StartPartAsync<T>(Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (Exception failure) when (failure
            is IOException or EmulatorStartException or FunctionsHostStartException or HttpRequestException)
        {
            throw new CommandException(failure.Message);
        }
    }
}
