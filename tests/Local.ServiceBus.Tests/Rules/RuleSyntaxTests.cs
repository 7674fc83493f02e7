// What is refused: where the error points, what it expects, and that hostile text harms nothing.
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

public sealed class RuleSyntaxTests
{
    [Theory]
    [InlineData("", 1, "a value")]
    [InlineData("   ", 4, "a value")]
    [InlineData("color", 1, "a condition")]
    [InlineData("color =", 8, "a value")]
    [InlineData("color == 'red'", 8, "a value")]
    [InlineData("color 'red'", 7, "an operator")]
    [InlineData("color = 'red", 13, "a string's closing '")]
    [InlineData("[color = 'red'", 15, "a name's closing ]")]
    [InlineData("\"color = 'red'", 15, "a name's closing \"")]
    [InlineData("[] = 1", 1, "a property name")]
    [InlineData("(color = 'red'", 15, "an operator or `)`")]
    [InlineData("color = 'red')", 14, "AND, OR or the end")]
    [InlineData("color = 'red' AND", 18, "a value")]
    [InlineData("color = 'red' AND price", 19, "a condition")]
    [InlineData("color = 'red' price", 15, "AND, OR or the end")]
    [InlineData("a = 1 = 2", 7, "AND, OR or the end")]
    [InlineData("(a = 1) = 2", 1, "a value")]
    [InlineData("1 + (a = 1) = 2", 5, "a value")]
    [InlineData("NOT color", 5, "a condition")]
    [InlineData("TRUE", 1, "a condition")]
    [InlineData("a IN ()", 7, "a value")]
    [InlineData("a IN (1", 8, "an operator, `,` or `)`")]
    [InlineData("a IN 1", 6, "( and a list")]
    [InlineData("a NOT = 1", 7, "IN or LIKE")]
    [InlineData("a IS 1", 6, "NULL or NOT NULL")]
    [InlineData("a IS NOT 1", 10, "NULL")]
    [InlineData("a + 1 IS NULL", 1, "a property before IS NULL")]
    [InlineData("EXISTS(1)", 8, "a property")]
    [InlineData("EXISTS a", 8, "( and a property")]
    [InlineData("a LIKE 5", 8, "a pattern")]
    [InlineData("a LIKE 'x!' ESCAPE '!'", 8, "a whole pattern")]
    [InlineData("a LIKE 'x' ESCAPE 'ab'", 19, "a string of one character")]
    [InlineData("a LIKE 'x' ESCAPE NULL", 19, "a string of one character")]
    [InlineData("foo.bar = 1", 1, "sys or user before the dot")]
    [InlineData("[sys].Label = 1", 1, "sys or user before the dot")]
    [InlineData("sys. = 1", 6, "a property name")]
    [InlineData("in = 1", 1, "written in brackets, [in]")]
    [InlineData("user.like = 1", 6, "written in brackets, [like]")]
    [InlineData("_a = 1", 1, "begins with a letter")]
    [InlineData("a = 12abc", 7, "the end of a number")]
    [InlineData("a = 1E", 7, "the digits of an exponent")]
    [InlineData("a = 1E999", 5, "a number that a double holds")]
    [InlineData("a = 9223372036854775808", 5, "an integer of 64 bits")]
    [InlineData("a = -9223372036854775809", 6, "an integer of 64 bits")]
    [InlineData("a = 99999999999999999999", 5, "an integer of 64 bits")]
    [InlineData("upper(a) = 'X'", 1, "newid(), property() or p()")]
    [InlineData("newid(1) = a", 7, ")")]
    [InlineData("p() = a", 3, "a value")]
    [InlineData("a = @x", 5, "a parameter that has been given a value")]
    [InlineData("a = @1", 6, "a parameter's name")]
    [InlineData("a = #", 5, "a name, a constant or an operator")]
    [InlineData("a ! = 1", 3, "a name, a constant or an operator")]
    [InlineData("a = 1; b = 2", 6, "AND, OR or the end")]
    public void Filter_Wrong_SaysWhereAndWhatWasExpected(string expression, int position, string expected)
    {
        var fault = Assert.Throws<RuleSyntaxException>(() => SqlFilter.Parse(expression));

        Assert.Equal(position, fault.Position);
        Assert.Contains(expected, fault.Expected, StringComparison.Ordinal);
        Assert.StartsWith($"Position {position}: expected ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1, "SET or REMOVE")]
    [InlineData("a = 1", 1, "SET or REMOVE")]
    [InlineData("SET = 1", 5, "a property to set")]
    [InlineData("SET a 1", 7, "=")]
    [InlineData("SET a =", 8, "a value")]
    [InlineData("SET a = 1 = 2", 11, "an operator, `;`")]
    [InlineData("SET a = (1 = 2)", 9, "a value")]
    [InlineData("SET a = 1, SET b = 2", 10, "an operator, `;`")]
    [InlineData("SET a = 1;; SET b = 2", 11, "SET or REMOVE")]
    [InlineData("REMOVE", 7, "a property to remove")]
    [InlineData("REMOVE a b", 10, "SET or REMOVE")]
    [InlineData("SET p('a') = 1", 6, "=")]
    public void Action_Wrong_SaysWhereAndWhatWasExpected(string expression, int position, string expected)
    {
        var fault = Assert.Throws<RuleSyntaxException>(() => SqlAction.Parse(expression));

        Assert.Equal(position, fault.Position);
        Assert.Contains(expected, fault.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Length_OverTheLimit_IsRefused()
    {
        var longest = "a = '" + new string('x', SqlFilter.MaxLength - 6) + "'";
        Assert.Equal(SqlFilter.MaxLength, longest.Length);
        SqlFilter.Parse(longest);

        var fault = Assert.Throws<RuleSyntaxException>(() => SqlFilter.Parse(longest + " "));
        Assert.Equal(SqlFilter.MaxLength + 1, fault.Position);
        Assert.Throws<RuleSyntaxException>(() => SqlAction.Parse(new string(' ', 10_000_000)));
    }

    [Fact]
    public void Statements_OverTheLimit_AreRefused()
    {
        SqlAction.Parse(Times("SET a=1;", 32));

        Assert.Throws<RuleSyntaxException>(() => SqlAction.Parse(Times("SET a=1;", 33)));
    }

    [Theory]
    [InlineData("(", "1=1", ")")]
    [InlineData("NOT ", "1=1", "")]
    [InlineData("NOT(", "1=1", ")")]
    [InlineData("- ", "1", "=1")]
    [InlineData("-+", "1", "=1")]
    [InlineData("p(", "'a'", ")")]
    [InlineData("(1=1 OR ", "1=1", ")")]
    [InlineData("(", "", "")]
    [InlineData("p(-(", "", "")]
    public void Nesting_Hostile_IsRefusedWithoutHarm(string open, string inner, string close)
    {
        var depth = (SqlFilter.MaxLength - inner.Length) / (open.Length + close.Length);
        var text = Times(open, depth) + inner + Times(close, depth);

        Assert.Throws<RuleSyntaxException>(() => SqlFilter.Parse(text));
    }

    [Fact]
    public void Chains_AsLongAsTheLimitAllows_AreEvaluated()
    {
        var message = PropertyBag.With(("a", 1));

        Assert.True(SqlFilter.Parse("a" + Times("+1", 500) + "=501").Matches(message));
        Assert.True(SqlFilter.Parse("a=1" + Times(" OR a=1", 140)).Matches(message));
        Assert.True(SqlFilter.Parse("a=1" + Times(" AND a=1", 120)).Matches(message));
        Assert.False(SqlFilter.Parse("a IN (0" + Times(",0", 500) + ")").Matches(message));
        Assert.True(SqlFilter.Parse(new string('(', 60) + "a=1" + new string(')', 60)).Matches(message));
    }

    [Theory]
    [InlineData("it's")]
    [InlineData("' OR 1=1 OR color = '")]
    [InlineData("\\' OR 1=1 --")]
    [InlineData("]\"'")]
    public void Quoting_Doubled_ClosesNothing(string value)
    {
        var filter = SqlFilter.Parse($"color = '{value.Replace("'", "''", StringComparison.Ordinal)}'");
        Assert.True(filter.Matches(PropertyBag.With(("color", value))));
        Assert.False(filter.Matches(PropertyBag.With(("color", "other"))));

        var named = SqlFilter.Parse($"[{value.Replace("]", "]]", StringComparison.Ordinal)}] = 1");
        Assert.True(named.Matches(PropertyBag.With((value, 1))));
    }

    private static string Times(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
