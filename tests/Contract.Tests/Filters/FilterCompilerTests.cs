// Tables of what each filter dialect passes, and what does not compile.
using ServerlessEventing.Contract.Filters;

namespace ServerlessEventing.Contract.Tests.Filters;

public sealed class FilterCompilerTests
{
    private static readonly AttributeDictionary Event = new(new Dictionary<string, string?>
    {
        ["specversion"] = "1.0",
        ["id"] = "1",
        ["type"] = "com.example.FullEvent",
        ["source"] = "http://example.com/source",
        ["subject"] = "",
        ["extname1"] = "extval1",
    });

    public static TheoryData<string, bool> Dialects => new()
    {
        { "attributes type=com.example.FullEvent", true },
        { "attributes type=com.example.fullevent", false },
        { "attributes type=", true },
        { "attributes subject=", false },
        { "attributes nothere=", false },
        { "attributes extname1=extval1 type=", true },
        { "attributes extname1=other type=", false },
        { "exact type=com.example.FullEvent source=http://example.com/source", true },
        { "exact type=com.example.FullEvent source=http://other", false },
        { "exact type=com.example.Full", false },
        { "exact nothere=x", false },
        { "prefix type=com.example.", true },
        { "prefix type=com.example. source=https", false },
        { "prefix type=com.example.FullEvent.and.more", false },
        { "prefix nothere=x", false },
        { "suffix type=FullEvent", true },
        { "suffix type=fullEvent", false },
        { "suffix nothere=x", false },
        { "cesql type='com.example.FullEvent'", true },
        { "cesql type='com.example.fullevent'", false },
        { "cesql nothere='x'", false },
        { "cesql type", false },
        { "cesql 1", false },
    };

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Dialect_Event_PassesAsTheTableSays(string filter, bool passes)
    {
        var expression = Parse(filter);
        Assert.Equal(passes, Passes(expression));
        Assert.Equal(!passes, Passes(new FilterExpression { Not = expression }));
        Assert.Equal(passes, Passes(new FilterExpression { All = [expression, Parse("exact id=1")] }));
        Assert.Equal(passes, Passes(new FilterExpression { Any = [Parse("exact id=2"), expression] }));
    }

    [Fact]
    public void All_OneFails_Fails() =>
        Assert.False(Passes(new FilterExpression { All = [Parse("exact id=1"), Parse("exact id=2")] }));

    [Fact]
    public void Any_NonePasses_Fails() =>
        Assert.False(Passes(new FilterExpression { Any = [Parse("exact id=3"), Parse("exact id=2")] }));

    [Fact]
    public void Compile_NoFilters_PassesEverything()
    {
        var compilation = FilterCompiler.Compile([]);
        Assert.True(compilation.Succeeded);
        Assert.True(compilation.Filter.Passes(Event));
    }

    [Fact]
    public void Compile_SeveralFilters_AllMustPass()
    {
        Assert.True(FilterCompiler.Compile([Parse("exact id=1"), Parse("prefix type=com")]).Filter!.Passes(Event));
        Assert.False(FilterCompiler.Compile([Parse("exact id=1"), Parse("prefix type=org")]).Filter!.Passes(Event));
    }

    public static TheoryData<FilterExpression> AskingNothing => new()
    {
        new FilterExpression(),
        new FilterExpression { Attributes = new Dictionary<string, string>() },
        new FilterExpression { Exact = new Dictionary<string, string>() },
        new FilterExpression { All = [] },
        new FilterExpression { Any = [] },
        new FilterExpression { Any = [new FilterExpression()] },
        new FilterExpression { Not = new FilterExpression() },
        new FilterExpression { CeSql = "" },
    };

    [Theory]
    [MemberData(nameof(AskingNothing))]
    public void Filter_AsksNothing_NeitherPassesNorFailsForItsParent(FilterExpression nothing)
    {
        Assert.True(Passes(nothing));
        Assert.True(Passes(new FilterExpression { Not = nothing }));
        Assert.False(Passes(new FilterExpression { Any = [nothing, Parse("exact id=2")] }));
        Assert.True(Passes(new FilterExpression { All = [nothing, Parse("exact id=1")] }));
    }

    public static TheoryData<FilterExpression, string> Faulty => new()
    {
        { new() { Exact = new Dictionary<string, string> { ["type"] = "" } }, "filters[0].exact.type" },
        { new() { Prefix = new Dictionary<string, string> { ["Type"] = "x" } }, "filters[0].prefix" },
        { new() { Suffix = new Dictionary<string, string> { [""] = "x" } }, "filters[0].suffix" },
        { new() { All = [new() { CeSql = "id =" }] }, "filters[0].all[0].cesql: at character 5: expected" },
        { new() { CeSql = "TRUE", Any = [] }, "exactly one dialect" },
        { Nested(40), "nested deeper" },
    };

    [Theory]
    [MemberData(nameof(Faulty))]
    public void Compile_FaultyFilter_SaysWhere(FilterExpression expression, string where)
    {
        var compilation = FilterCompiler.Compile(expression);
        Assert.False(compilation.Succeeded);
        Assert.Contains(where, compilation.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Passes_ExactPrefixSuffix_AllocatesNothing()
    {
        var filter = FilterCompiler.Compile(new FilterExpression
        {
            Any = [Parse("exact id=2"), Parse("prefix type=org"), Parse("suffix type=FullEvent")],
        }).Filter!;
        Assert.True(filter.Passes(Event));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            filter.Passes(Event);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static FilterExpression Nested(int depth) =>
        depth == 0 ? Parse("exact id=1") : new() { Not = Nested(depth - 1) };

    private static bool Passes(FilterExpression expression)
    {
        var compilation = FilterCompiler.Compile(expression);
        Assert.True(compilation.Succeeded, compilation.Error);
        return compilation.Filter.Passes(Event);
    }

    private static FilterExpression Parse(string text)
    {
        if (text.StartsWith("cesql ", StringComparison.Ordinal))
        {
            return new FilterExpression { CeSql = text["cesql ".Length..] };
        }

        var words = text.Split(' ');
        var map = words[1..].Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return words[0] switch
        {
            "attributes" => new() { Attributes = map },
            "exact" => new() { Exact = map },
            "prefix" => new() { Prefix = map },
            "suffix" => new() { Suffix = map },
            _ => throw new ArgumentOutOfRangeException(nameof(text), text, "no such dialect"),
        };
    }
}
