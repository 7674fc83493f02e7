// `bench filters`: what one event costs in each kind of filter, in time and in memory.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Contract.Filters;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// Compiles each filter once and asks it many times; the time is the best of several rounds. No filter may allocate:
/// exit code 1 when one does. The cases are those that Knative's own filter benchmarks measure.
/// </summary>
internal static class FiltersVerb
{
    private const int Rounds = 7;
    private const double AskedNanoseconds = 100;

    private static readonly TimeSpan LeastRound = TimeSpan.FromMilliseconds(20);

    private static readonly AttributeDictionary Event = new(new Dictionary<string, string?>
    {
        ["specversion"] = "1.0",
        ["id"] = "A234-1234-1234",
        ["type"] = "com.example.order.created",
        ["source"] = "/shops/17/orders",
        ["subject"] = "order/4711",
        ["time"] = "2026-01-02T03:04:05.678Z",
        ["datacontenttype"] = "application/json",
        ["region"] = "europe",
        ["amount"] = "120",
    });

    private static readonly FilterExpression Type = Exact("type", "com.example.order.created");
    private static readonly FilterExpression Other = Exact("type", "com.example.order.deleted");

    private static readonly (string Name, FilterExpression Filter, bool Passes)[] Cases =
    [
        ("attributes, two", new() { Attributes = Map(("type", "com.example.order.created"), ("subject", "")) }, true),
        ("exact", Type, true),
        ("exact, two", new()
        {
            Exact = Map(("type", "com.example.order.created"), ("source", "/shops/17/orders")),
        }, true),
        ("exact, an extension", Exact("region", "europe"), true),
        ("exact, missing", Exact("absent", "x"), false),
        ("prefix", new() { Prefix = Map(("type", "com.example.")) }, true),
        ("suffix", new() { Suffix = Map(("type", ".created")) }, true),
        ("not", new() { Not = Other }, true),
        ("all, three that match", new()
        {
            All = [Type, new() { Prefix = Map(("source", "/shops/")) }, new() { Suffix = Map(("subject", "4711")) }],
        }, true),
        ("all, the first does not", new() { All = [Other, Type, Type] }, false),
        ("all, a thousand that match", new() { All = [.. Enumerable.Repeat(Type, 1000)] }, true),
        ("any, the last of ten", new() { Any = [.. Enumerable.Repeat(Other, 9), Type] }, true),
        ("any, none of a thousand", new() { Any = [.. Enumerable.Repeat(Other, 1000)] }, false),
        ("cesql, =", Sql("type = 'com.example.order.created'"), true),
        ("cesql, two LIKE", Sql("type LIKE 'com.example.%' AND source LIKE '%/orders'"), true),
        ("cesql, IN, EXISTS, number", Sql("region IN ('asia', 'europe') AND EXISTS subject AND amount > 100"), true),
    ];

    public static Command Create()
    {
        var command = new Command("filters", "Time and memory of asking one event, for each kind of filter.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"filters: one event, best of {Rounds} rounds; load average {LoadAverage.OfLastMinute():0.0}"));
        Console.WriteLine($"{"",-30}{"ns",10}{"bytes",8}");
        var allocated = false;
        foreach (var (name, expression, passes) in Cases)
        {
            var filter = FilterCompiler.Compile(expression).Filter!;
            if (filter.Passes(Event) != passes)
            {
                throw new BenchException($"{name}: expected {passes}.");
            }

            var (nanoseconds, bytes) = Measure(filter);
            allocated |= bytes > 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-30}{nanoseconds,10:0.0}{bytes,8:0}")
                + (bytes > 0 ? "  ALLOCATES" : ""));
        }

        Console.WriteLine($"Asked for: 0 bytes, and {AskedNanoseconds:0} ns for exact, prefix and suffix.");
        return allocated ? 1 : 0;
    }

    private static (double Nanoseconds, double Bytes) Measure(CompiledFilter filter)
    {
        var best = double.MaxValue;
        var times = 1;
        Ask(filter, 10_000);
        for (var round = 0; round < Rounds;)
        {
            var started = Stopwatch.GetTimestamp();
            Ask(filter, times);
            var took = Stopwatch.GetElapsedTime(started);
            if (took < LeastRound)
            {
                times *= 2;
                continue;
            }

            best = Math.Min(best, took.TotalNanoseconds / times);
            round++;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask(filter, times);
        return (best, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)times);
    }

    private static int Ask(CompiledFilter filter, int times)
    {
        var passed = 0;
        for (var i = 0; i < times; i++)
        {
            passed += filter.Passes(Event) ? 1 : 0;
        }

        return passed;
    }

    private static FilterExpression Exact(string name, string text) => new() { Exact = Map((name, text)) };

    private static FilterExpression Sql(string text) => new() { CeSql = text };

    private static Dictionary<string, string> Map(params (string Name, string Text)[] pairs) =>
        pairs.ToDictionary(pair => pair.Name, pair => pair.Text);
}
