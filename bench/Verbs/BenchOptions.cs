// The options that several benches share.
using System.CommandLine;

namespace ServerlessEventing.Bench.Verbs;

internal static class BenchOptions
{
    /// <summary>Much of a .NET process's first seconds is compilation.</summary>
    public static readonly TimeSpan UsualWarmUp = TimeSpan.FromSeconds(10);

    public const int UsualConnections = 64;

    public static readonly Option<int> Events = new("--events")
    {
        Description = "Events a round and target",
        DefaultValueFactory = _ => 20_000,
    };

    public static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Interleaved rounds",
        DefaultValueFactory = _ => 5,
    };

    public static readonly Option<string> Doors = new("--door")
    {
        Description = "Which door of the house: host, pump or both",
        DefaultValueFactory = _ => "both",
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON" };

    static BenchOptions() => Doors.AcceptOnlyFromAmong("host", "pump", "both");

    /// <summary>The doors that were asked for.</summary>
    public static string[] DoorsOf(ParseResult result) =>
        result.GetValue(Doors) is { } one and not "both" ? [one] : ["host", "pump"];
}
