// What the conformance cases leave open: precedence, limits, positions of mistakes, and that no text breaks anything.
using System.Diagnostics;
using System.Text;
using CsCheck;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Contract.Tests.Filters.Cesql;

public sealed class CeSqlExpressionTests
{
    private static readonly AttributeDictionary Event = new(new Dictionary<string, string?>
    {
        ["specversion"] = "1.0",
        ["id"] = "1",
        ["type"] = "com.example",
        ["source"] = "/s",
        ["sequence"] = "+5",
        ["emoji"] = "a😀b",
        ["1abc"] = "x",
    });

    // The value, or "error Kind" with "!" before the value that comes with it.
    [Theory]
    [InlineData("sequence = 5", "true")]
    [InlineData("5 = sequence", "false")]
    [InlineData("'abc' != 123", "Cast!false")]
    [InlineData("true = 'TRUE'", "false")]
    [InlineData("1 IN (1, 'abc')", "true")]
    [InlineData("1 IN ('abc', 1)", "Cast!false")]
    [InlineData("'a' < 'b'", "Cast!false")]
    [InlineData("type AND TRUE", "Cast!false")]
    [InlineData("missing = 'a' OR true", "MissingAttribute!false")]
    [InlineData("true OR missing = 'a'", "true")]
    [InlineData("EXISTS missing AND missing = 'a'", "false")]
    [InlineData("NOT (missing = 'a')", "MissingAttribute!false")]
    [InlineData("2147483647 + 1", "-2147483648")]
    [InlineData("-2147483648 / -1", "-2147483648")]
    [InlineData("-2147483648 % -1", "0")]
    [InlineData("--2147483648", "-2147483648")]
    [InlineData("7 - 2 - 1", "4")]
    [InlineData("2 + 3 * 4 % 5", "4")]
    [InlineData("-7 / 2", "-3")]
    [InlineData("1 < 2 < 3", "true")]
    [InlineData("false AND false OR true", "false")]
    [InlineData("(false AND false) OR true", "true")]
    [InlineData("true XOR true AND false", "true")]
    [InlineData("true XOR false OR true", "false")]
    [InlineData("NOT source LIKE '/%'", "Cast!false")]
    [InlineData("NOT (source LIKE '/%')", "false")]
    [InlineData("source NOT LIKE '/%'", "false")]
    [InlineData("NOT EXISTS missing", "true")]
    [InlineData("2 * '1' IN (1, 2)", "2")]
    [InlineData("TYPE = \"com.example\" and eXiStS Id", "true")]
    [InlineData("1abc", "x")]
    [InlineData("'a\\\\b\\n'", "a\\\\b\\n")]
    [InlineData("\"it's \\\"so\\\"\"", "it's \"so\"")]
    [InlineData("emoji LIKE 'a_b'", "true")]
    [InlineData("emoji LIKE '%_b'", "true")]
    [InlineData("emoji LIKE '%😀%'", "true")]
    [InlineData("LENGTH(emoji)", "3")]
    [InlineData("LEFT(emoji, 2)", "a😀")]
    [InlineData("RIGHT(emoji, 2)", "😀b")]
    [InlineData("SUBSTRING(emoji, 2, 1)", "😀")]
    [InlineData("SUBSTRING('abc', 2, -1)", "FunctionEvaluation!")]
    [InlineData("SUBSTRING('abc', -2, 99)", "bc")]
    [InlineData("CONCAT_WS('-', 1, TRUE, 'x')", "1-true-x")]
    [InlineData("IS_INT('5') AND NOT IS_INT('5x') AND IS_BOOL('TRUE')", "true")]
    [InlineData("NOSUCH(1)", "MissingFunction!false")]
    [InlineData("length()", "MissingFunction!false")]
    [InlineData("INT('2147483648')", "Cast!0")]
    [InlineData("INT('5\0')", "Cast!0")]
    [InlineData("INT('+')", "Cast!0")]
    [InlineData("TRIM('\u2003 a \u00a0')", "a")]
    public void Evaluate_Expression_AsKnativeDoes(string text, string expected)
    {
        var result = Parse(text).Evaluate(Event);
        Assert.Equal(expected, (result.Error is { } error ? $"{error.Kind}!" : "") + result.Value);
    }

    [Theory]
    [InlineData("", 1, "found the end")]
    [InlineData("id =", 5, "expected an attribute")]
    [InlineData("id = 'a", 6, "not closed")]
    [InlineData("id = `a`", 6, "'`'")]
    [InlineData("id = 'a';", 9, "';'")]
    [InlineData("'😀' ? 1", 5, "'?'")]
    [InlineData("id = 😀", 6, "U+1F600")]
    [InlineData("id LIKE 5", 9, "a pattern in quotes")]
    [InlineData("id LIKE source", 9, "a pattern in quotes")]
    [InlineData("id IN ()", 8, "expected an attribute")]
    [InlineData("id IN 5", 7, "expected (")]
    [InlineData("4-1", 2, "set a space behind -")]
    [InlineData("+ 5", 1, "found +")]
    [InlineData("- 2147483648", 3, "2147483647")]
    [InlineData("(id = 'a'", 10, "expected an operator or )")]
    [InlineData("id = 'a')", 9, "an operator or the end")]
    [InlineData("EXISTS 'a'", 8, "the name of an attribute")]
    [InlineData("EXISTS like", 8, "the name of an attribute")]
    [InlineData("id NOT = 'a'", 4, "an operator or the end")]
    [InlineData("a_b = 1", 5, "expected ( after the function a_b")]
    [InlineData("a_1 = 1", 1, "neither an attribute")]
    [InlineData("LEFT2('a', 1)", 1, "functions have no digits")]
    [InlineData("CONCAT('a' 'b')", 12, "a comma")]
    [InlineData("a ! b", 3, "write != or NOT")]
    public void Parse_Mistake_SaysWhereAndWhatWasExpected(string text, int position, string message)
    {
        var parsing = CeSqlExpression.Parse(text);
        Assert.False(parsing.Succeeded);
        Assert.Equal(position, parsing.Error.Position);
        Assert.Contains(message, parsing.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing = 1", 1, "no attribute \"missing\"")]
    [InlineData("TRUE AND INT(type) > 3", 14, "'com.example' cannot be read as a whole number")]
    [InlineData("1 / 0 = 1", 3, "division by zero")]
    [InlineData("FOO(1) = 2", 1, "no function FOO")]
    public void Evaluate_Error_SaysWhereAndWhy(string text, int position, string message)
    {
        var error = Parse(text).Evaluate(Event).Error;
        Assert.Equal(position, error!.Position);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOT source LIKE '/%'", 1)]
    [InlineData("NOT id = '1'", 1)]
    [InlineData("(NOT source) LIKE '/%'", 0)]
    [InlineData("NOT (id = '1')", 0)]
    [InlineData("EXISTS a AND EXISTS b OR EXISTS c", 1)]
    [InlineData("EXISTS a AND (EXISTS b OR EXISTS c)", 0)]
    public void Parse_UnlikelyReading_Warns(string text, int warnings) =>
        Assert.Equal(warnings, Parse(text).Warnings.Count);

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("NOT ", "TRUE", "")]
    [InlineData("- ", "1", "")]
    [InlineData("", "1", " + 1")]
    [InlineData("", "1", " LIKE '1'")]
    [InlineData("ABS(", "1", ")")]
    [InlineData("1 IN (", "1", ")")]
    public void Parse_NestedTooDeep_IsAMistake(string before, string middle, string after)
    {
        string Nested(int times) => new StringBuilder().Insert(0, before, times).Append(middle)
            .Insert(before.Length * times + middle.Length, after, times).ToString();

        Assert.True(CeSqlExpression.Parse(Nested(60)).Succeeded);
        Assert.Contains("nested deeper", CeSqlExpression.Parse(Nested(1000)).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_LongestChainOfOrs_Evaluates()
    {
        var text = string.Join(" OR ", Enumerable.Repeat("id='2'", 1500)) + " OR id='1'";
        Assert.True(text.Length <= CeSqlExpression.MaxLength);
        Assert.True(Parse(text).Passes(Event));
    }

    [Fact]
    public void Parse_TooLong_IsAMistake() => Assert.Contains(
        "at most", CeSqlExpression.Parse(new string(' ', CeSqlExpression.MaxLength + 1)).Error!.Message,
        StringComparison.Ordinal);

    [Fact]
    public void Evaluate_LargeConcat_IsAnError()
    {
        var huge = new AttributeDictionary(new Dictionary<string, string?> { ["a"] = new('x', 60_000) });
        Assert.Equal(CeSqlErrorKind.FunctionEvaluation, Parse("LENGTH(CONCAT(a, a))").Evaluate(huge).Error!.Kind);
    }

    [Fact]
    public void Passes_ComparingAttributes_AllocatesNothing()
    {
        var expression = Parse(
            "EXISTS id AND type = 'com.example' AND (source LIKE '%x%' OR id IN ('2', '1')) AND NOT EXISTS other "
            + "AND (sequence > 3 AND type != 'x')");
        Assert.True(expression.Passes(Event));
        var missing = Parse("missing = 'a'");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            expression.Passes(Event);
            missing.Passes(Event);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Like_HostilePattern_TakesTimeInProportionToTheText()
    {
        var attributes = new AttributeDictionary(new Dictionary<string, string?> { ["a"] = new('a', 60_000) });
        var started = Stopwatch.GetTimestamp();
        Assert.False(Parse($"a LIKE '%{new string('a', 7000)}_{new string('a', 7000)}b%'").Passes(attributes));
        Assert.False(Parse($"a LIKE '{string.Concat(Enumerable.Repeat("%a", 8000))}%b%'").Passes(attributes));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Like_AnyPatternAndText_AgreesWithTheDefinition()
    {
        var letter = OneOf("a", "b", "%", "_", "\\", "😀", "\\%", "\\_");
        Gen.Select(letter.Array[0, 10], letter.Array[0, 12]).Sample((pattern, text) =>
        {
            var (wanted, given) = (string.Concat(pattern), string.Concat(text));
            var attributes = new AttributeDictionary(new Dictionary<string, string?> { ["a"] = given });

            // A backslash before the closing quote would escape it.
            return wanted.EndsWith('\\')
                || Parse($"a LIKE '{wanted.Replace("\\\\", "b", StringComparison.Ordinal)}'").Passes(attributes)
                == IsLike(wanted.Replace("\\\\", "b", StringComparison.Ordinal), given);
        }, iter: 20_000);
    }

    [Fact]
    public void Like_LongPieceWithAnyLetter_IsFoundAcrossWords()
    {
        var piece = string.Concat(Enumerable.Range(0, 150).Select(i => (char)('a' + i % 26)));
        var attributes = new AttributeDictionary(new Dictionary<string, string?> { ["a"] = $"zz{piece}{piece}zz" });
        for (var i = 0; i < piece.Length; i++)
        {
            var pattern = $"{piece[..i]}_{piece[(i + 1)..]}";
            Assert.True(Parse($"a LIKE '%{pattern}%'").Passes(attributes));
            Assert.True(Parse($"a LIKE '%{pattern}{pattern}%z'").Passes(attributes));
            Assert.False(Parse($"a LIKE '%{pattern}!%'").Passes(attributes));
        }
    }

    [Fact]
    public void Parse_AnyText_GivesAnExpressionOrAnErrorInsideTheText()
    {
        Gen.String.Sample(text => Check(CeSqlExpression.Parse(text), text), iter: 20_000);
        Words().Sample(text => Check(CeSqlExpression.Parse(text), text), iter: 50_000);
    }

    private static void Check(CeSqlParsing parsing, string text)
    {
        if (parsing.Succeeded)
        {
            var result = parsing.Expression.Evaluate(Event);
            Assert.Equal(result.Passes, parsing.Expression.Passes(Event));
        }
        else
        {
            Assert.InRange(parsing.Error.Position, 1, text.Length + 1);
        }
    }

    // Texts of the language's own words, so that many of them parse.
    private static Gen<string> Words() => OneOf(
        "id", "type", "missing", "sequence", "emoji", "'a'", "\"5\"", "'true'", "'%_'", "0", "-1", "2147483647", "TRUE",
        "FALSE", "AND", "OR", "XOR", "NOT", "LIKE", "IN", "EXISTS", "(", ")", ",", "+", "-", "*", "/", "%", "=", "!=",
        "<", ">=", "ABS(", "LEFT(", "SUBSTRING(", "CONCAT_WS(", "INT(", "STRING(")
        .Array[1, 14].Select(words => string.Join(' ', words));

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static bool IsLike(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        if (pattern.IsEmpty)
        {
            return text.IsEmpty;
        }

        if (pattern[0] == '%')
        {
            return IsLike(pattern[1..], text)
                || (!text.IsEmpty && IsLike(pattern, text[(char.IsHighSurrogate(text[0]) ? 2 : 1)..]));
        }

        if (text.IsEmpty)
        {
            return false;
        }

        if (pattern[0] == '_')
        {
            return IsLike(pattern[1..], text[(char.IsHighSurrogate(text[0]) ? 2 : 1)..]);
        }

        var isEscape = pattern is ['\\', '%' or '_', ..];
        return pattern[isEscape ? 1 : 0] == text[0] && IsLike(pattern[(isEscape ? 2 : 1)..], text[1..]);
    }

    private static CeSqlExpression Parse(string text)
    {
        var parsing = CeSqlExpression.Parse(text);
        Assert.True(parsing.Succeeded, $"{text}: {parsing.Error}");
        return parsing.Expression;
    }
}
