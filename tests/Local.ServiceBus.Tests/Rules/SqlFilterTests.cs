// Tables of SQL filters over one message: each operator with true, false, unknown and failing cases.
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

public sealed class SqlFilterTests
{
    private static readonly PropertyBag _message = PropertyBag.With(
        ("color", "red"), ("price", 12), ("big", 9_000_000_000L), ("weight", 1.5), ("active", true), ("nothing", null),
        ("max", ulong.MaxValue), ("exact", 1.10m), ("id", Guid.Empty), ("a b", "spaced"), ("a]b", "bracket"),
        ("say \"hi\"", "quote"), ("in", "keyword"), ("cloudEvents:type", "com.example"), ("cloudEvents_type", "com.x"),
        ("größe", 3), ("nan", double.NaN), ("low", long.MinValue), ("sys.Label", "Bus"), ("sys.DeliveryCount", 2),
        ("sys.EnqueuedTimeUtc", new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc)),
        ("due", new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc)), ("wait", TimeSpan.FromDays(1)));

    [Theory]
    [InlineData("color = 'red'", "T")]
    [InlineData("color = 'Red'", "F")]
    [InlineData("color <> 'blue'", "T")]
    [InlineData("color != 'red'", "F")]
    [InlineData("COLOR = 'red'", "T")]
    [InlineData("user.color = 'red'", "T")]
    [InlineData("USER.Color = 'red'", "T")]
    [InlineData("price > 11", "T")]
    [InlineData("price >= 12", "T")]
    [InlineData("price < 12", "F")]
    [InlineData("price <= 12.0", "T")]
    [InlineData("price = 12.0", "T")]
    [InlineData("price = 1.2E1", "T")]
    [InlineData("price = 120E-1", "T")]
    [InlineData("weight > 1", "T")]
    [InlineData("weight = .5 + 1.", "T")]
    [InlineData("big > 2147483648", "T")]
    [InlineData("max > 9223372036854775807", "T")]
    [InlineData("max > low", "T")]
    [InlineData("max = max", "T")]
    [InlineData("low = -9223372036854775808", "T")]
    [InlineData("exact > 1", "T")]
    [InlineData("nan = nan", "F")]
    [InlineData("nan <> nan", "T")]
    [InlineData("nan < 1 OR nan >= 1", "F")]
    [InlineData("active = TRUE", "T")]
    [InlineData("active <> true", "F")]
    [InlineData("missing = 'red'", "U")]
    [InlineData("'red' <> missing", "U")]
    [InlineData("missing = missing", "U")]
    [InlineData("missing = NULL", "U")]
    [InlineData("nothing = NULL", "T")]
    [InlineData("color = NULL", "F")]
    [InlineData("color <> NULL", "T")]
    [InlineData("nothing < 5", "F")]
    [InlineData("nothing >= NULL", "F")]
    [InlineData("1=1", "T")]
    [InlineData("1=0", "F")]
    [InlineData("id = id", "T")]
    [InlineData("newid() = newid()", "F")]
    [InlineData("due < sys.EnqueuedTimeUtc", "T")]
    [InlineData("due + wait = sys.EnqueuedTimeUtc", "T")]
    [InlineData("sys.EnqueuedTimeUtc - due = wait", "T")]
    [InlineData("sys.EnqueuedTimeUtc - wait <= due", "T")]
    [InlineData("wait + wait > wait AND -wait < wait", "T")]
    public void Comparison_AsCSharpDoes(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("color = 5")]
    [InlineData("price = '12'")]
    [InlineData("active = 1")]
    [InlineData("active > FALSE")]
    [InlineData("color > 'a'")]
    [InlineData("exact = 1.1")]
    [InlineData("id = '00000000-0000-0000-0000-000000000000'")]
    [InlineData("sys.Nope = 1")]
    [InlineData("sys.Nope IS NULL")]
    [InlineData("color - 1 = 1")]
    [InlineData("-color = 1")]
    [InlineData("+active = TRUE")]
    [InlineData("price / 0 = 1")]
    [InlineData("price % 0 = 1")]
    [InlineData("low / -1 = 1")]
    [InlineData("max + -1 > 0")]
    [InlineData("price LIKE '1%'")]
    [InlineData("color LIKE price")]
    [InlineData("color LIKE 'r%' ESCAPE color")]
    [InlineData("color LIKE color + '!' ESCAPE '!'")]
    [InlineData("color IN (1, 'red')")]
    [InlineData("property(5) = 1")]
    [InlineData("due + due = due")]
    [InlineData("missing = 1 AND color = 1")]
    public void Evaluation_MixedTypesOrNoSuchSystemProperty_Fails(string expression) =>
        Assert.Throws<RuleEvaluationException>(() => SqlFilter.Parse(expression).Matches(_message));

    [Theory]
    [InlineData("color = 'blue' AND color = 1", "F")]
    [InlineData("color = 'red' OR color = 1", "T")]
    [InlineData("color IN ('red', 1)", "T")]
    public void Evaluation_AnswerIsKnownBeforeTheFault_DoesNotFail(string expression, string expected) =>
        Check(expression, expected);

    [Theory]
    [InlineData("price + 1 = 13", "T")]
    [InlineData("price - 2 - 3 = 7", "T")]
    [InlineData("price * 2 + 1 = 25", "T")]
    [InlineData("1 + price * 2 = 25", "T")]
    [InlineData("(1 + price) * 2 = 26", "T")]
    [InlineData("price / 5 = 2", "T")]
    [InlineData("price / 5.0 = 2.4", "T")]
    [InlineData("price % 5 = 2", "T")]
    [InlineData("-price % 5 = -2", "T")]
    [InlineData("2 - -price = 14", "T")]
    [InlineData("+price = 12", "T")]
    [InlineData("low % -1 = 0", "T")]
    [InlineData("low - 1 = 9223372036854775807", "T")]
    [InlineData("max - 1 > 9223372036854775807", "T")]
    [InlineData("weight / 0 > 5", "T")]
    [InlineData("exact + 1 = exact + exact - exact + 1", "T")]
    [InlineData("'a' + 'b' = 'ab'", "T")]
    [InlineData("color + price = 'red12'", "T")]
    [InlineData("nothing + 'x' = 'x'", "T")]
    [InlineData("missing + 'x' = 'x'", "U")]
    [InlineData("missing + 1 = 1", "U")]
    [InlineData("-missing = 1", "U")]
    [InlineData("nothing + 1 = NULL", "T")]
    [InlineData("größe = 3", "T")]
    public void Arithmetic_AsCSharpDoes(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("color IN ('blue', 'red')", "T")]
    [InlineData("color IN ('blue')", "F")]
    [InlineData("color NOT IN ('blue', 'green')", "T")]
    [InlineData("color NOT IN ('red')", "F")]
    [InlineData("price IN (1, 6 + 6)", "T")]
    [InlineData("missing IN ('red')", "U")]
    [InlineData("missing NOT IN ('red')", "U")]
    [InlineData("color IN (missing, 'red')", "T")]
    [InlineData("color IN (missing, 'blue')", "U")]
    [InlineData("color NOT IN (missing, 'blue')", "U")]
    [InlineData("nothing IN ('red', NULL)", "T")]
    [InlineData("nothing IN ('red')", "F")]
    [InlineData("nothing IS NULL", "T")]
    [InlineData("missing IS NULL", "T")]
    [InlineData("color IS NULL", "F")]
    [InlineData("color IS NOT NULL", "T")]
    [InlineData("missing IS NOT NULL", "F")]
    [InlineData("sys.To IS NULL", "T")]
    [InlineData("sys.label IS NOT NULL", "T")]
    [InlineData("EXISTS(color)", "T")]
    [InlineData("exists ( nothing )", "T")]
    [InlineData("EXISTS(missing)", "F")]
    [InlineData("NOT EXISTS(missing)", "T")]
    [InlineData("EXISTS(sys.Label)", "T")]
    [InlineData("EXISTS(sys.To)", "F")]
    [InlineData("EXISTS([a b])", "T")]
    public void Membership_NullAndExistence(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("sys.Label = 'Bus'", "T")]
    [InlineData("SYS.LABEL = 'Bus'", "T")]
    [InlineData("sys.[label] LIKE '%us'", "T")]
    [InlineData("sys.DeliveryCount + 1 = 3", "T")]
    [InlineData("sys.To = 'x'", "F")]
    [InlineData("[a b] = 'spaced'", "T")]
    [InlineData("[a]]b] = 'bracket'", "T")]
    [InlineData("\"a b\" = 'spaced'", "T")]
    [InlineData("\"say \"\"hi\"\"\" = 'quote'", "T")]
    [InlineData("[in] = 'keyword'", "T")]
    [InlineData("user.[in] = 'keyword'", "T")]
    [InlineData("[cloudEvents:type] = 'com.example'", "T")]
    [InlineData("cloudEvents_type = 'com.x'", "T")]
    [InlineData("property('color') = 'red'", "T")]
    [InlineData("p('a b') = 'spaced'", "T")]
    [InlineData("P('col' + 'or') = 'red'", "T")]
    [InlineData("property('missing') = 'red'", "U")]
    [InlineData("property(missing) = 'red'", "U")]
    [InlineData("p = 1", "U")]
    [InlineData("'it''s' = 'it''s'", "T")]
    [InlineData("'''' <> ''", "T")]
    [InlineData("\t color\r\n=\n'red' ", "T")]
    [InlineData("set = 1", "U")]
    public void Names_QuotesBracketsAndScopes(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("1=1 OR 1=0 AND 1=0", "T")]
    [InlineData("(1=1 OR 1=0) AND 1=0", "F")]
    [InlineData("NOT 1=0 AND 1=0", "F")]
    [InlineData("NOT (1=0 AND 1=0)", "T")]
    [InlineData("NOT NOT color = 'red'", "T")]
    [InlineData("NOT color = 'red' OR price = 12", "T")]
    [InlineData("((color)) = (('red'))", "T")]
    [InlineData("NOT missing = 1", "U")]
    public void Precedence_OrAndNotComparison(string expression, string expected) => Check(expression, expected);

    [Theory]
    [InlineData("T", "T", "T", "T")]
    [InlineData("T", "F", "F", "T")]
    [InlineData("T", "U", "U", "T")]
    [InlineData("F", "T", "F", "T")]
    [InlineData("F", "F", "F", "F")]
    [InlineData("F", "U", "F", "U")]
    [InlineData("U", "T", "U", "T")]
    [InlineData("U", "F", "F", "U")]
    [InlineData("U", "U", "U", "U")]
    public void Logic_TablesOfTheDocumentation(string left, string right, string and, string or)
    {
        Check($"{Written(left)} AND {Written(right)}", and);
        Check($"{Written(left)} OR {Written(right)}", or);
    }

    [Fact]
    public void Matches_OnlyWhenTrue()
    {
        Assert.True(SqlFilter.Parse("color = 'red'").Matches(_message));
        Assert.False(SqlFilter.Parse("color = 'blue'").Matches(_message));
        Assert.False(SqlFilter.Parse("missing = 'red'").Matches(_message));
        Assert.False(SqlFilter.Parse("NOT missing = 'red'").Matches(_message));
    }

    [Fact]
    public void Parameters_StandForTheirValues()
    {
        var parameters = new Dictionary<string, object?> { ["@wanted"] = "red", ["least"] = 10 };

        Assert.True(SqlFilter.Parse("color = @wanted AND price > @least", parameters).Matches(_message));
        var fault = Assert.Throws<RuleSyntaxException>(() => SqlFilter.Parse("color = @wanted"));
        Assert.Equal(9, fault.Position);
    }

    [Fact]
    public void Matches_ComparisonsInListsAndPatterns_AllocatesNothing()
    {
        var filter = SqlFilter.Parse(
            "color LIKE 'r%' AND price IN (1, 12) AND price * 2 > 3 AND sys.Label = 'Bus' AND missing IS NULL");
        Assert.True(filter.Matches(_message));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            filter.Matches(_message);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Written(string truth) => truth switch { "T" => "1=1", "F" => "1=0", _ => "missing=1" };

    private static void Check(string expression, string expected) =>
        Assert.Equal(expected, SqlFilter.Parse(expression).Evaluate(_message).ToString()[..1]);
}
