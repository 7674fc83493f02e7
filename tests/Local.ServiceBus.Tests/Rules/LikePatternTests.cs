// LIKE: wildcards, escapes, and what is no wildcard here.
using System.Diagnostics;
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

public sealed class LikePatternTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "%", true)]
    [InlineData("", "%%", true)]
    [InlineData("", "_", false)]
    [InlineData("a", "", false)]
    [InlineData("a", "_", true)]
    [InlineData("ab", "_", false)]
    [InlineData("abc", "abc", true)]
    [InlineData("abc", "ABC", false)]
    [InlineData("abc", "a%", true)]
    [InlineData("abc", "%c", true)]
    [InlineData("abc", "%b%", true)]
    [InlineData("abc", "a_c", true)]
    [InlineData("abc", "%_%_%_%", true)]
    [InlineData("abc", "%_%_%_%_", false)]
    [InlineData("aab", "%ab", true)]
    [InlineData("mississippi", "m%iss%pi", true)]
    [InlineData("mississippi", "m%iss%ippx", false)]
    [InlineData("a\nb", "a%b", true)]
    [InlineData("a\nb", "a_b", true)]
    [InlineData("[abc]", "[abc]", true)]
    [InlineData("a", "[abc]", false)]
    [InlineData("a.c", "a.c", true)]
    [InlineData("abc", "a.c", false)]
    [InlineData("a^*+?\\", "a^*+?\\", true)]
    public void IsMatch_WithoutEscape(string text, string pattern, bool expected)
    {
        Assert.Equal(expected, LikePattern.IsMatch(text, pattern, null));
        var message = PropertyBag.With(("text", text));
        Assert.Equal(expected, SqlFilter.Parse($"text LIKE '{pattern}'").Matches(message));
        Assert.Equal(!expected, SqlFilter.Parse($"text NOT LIKE '{pattern}'").Matches(message));
        Assert.Equal(expected, SqlFilter.Parse($"text LIKE '' + '{pattern}'").Matches(message));
    }

    [Theory]
    [InlineData("ABC%", @"ABC\%", '\\', true)]
    [InlineData("ABCD", @"ABC\%", '\\', false)]
    [InlineData("a_c", "a!_c", '!', true)]
    [InlineData("abc", "a!_c", '!', false)]
    [InlineData("a!c", "a!!c", '!', true)]
    [InlineData("abc", "a!bc", '!', true)]
    [InlineData("50% off", "%!%%", '!', true)]
    [InlineData("50 off", "%!%%", '!', false)]
    [InlineData("a%b", "a%%b", '%', true)]
    [InlineData("axb", "a%%b", '%', false)]
    [InlineData("a_b", "a__b", '_', true)]
    [InlineData("axb", "a__b", '_', false)]
    public void IsMatch_WithEscape(string text, string pattern, char escape, bool expected)
    {
        Assert.Equal(expected, LikePattern.IsMatch(text, pattern, escape));
        var filter = SqlFilter.Parse($"text LIKE '{pattern}' ESCAPE '{escape}'");
        Assert.Equal(expected, filter.Matches(PropertyBag.With(("text", text))));
    }

    [Fact]
    public void IsMatch_UnknownOrNull_IsUnknown()
    {
        var message = PropertyBag.With(("text", "a"), ("nothing", null));
        foreach (var expression in new[]
        {
            "missing LIKE 'a'", "text LIKE missing", "text LIKE 'a' ESCAPE missing", "nothing LIKE 'a'",
            "text LIKE NULL", "text NOT LIKE missing",
        })
        {
            Assert.Equal(Truth.Unknown, SqlFilter.Parse(expression).Evaluate(message));
        }
    }

    [Fact]
    public void IsMatch_HostilePattern_TakesNoLongerThanTheProductOfLengths()
    {
        var text = new string('a', 30_000);
        var pattern = string.Concat(Enumerable.Repeat("%a", 400)) + "b";

        var watch = Stopwatch.StartNew();
        Assert.False(LikePattern.IsMatch(text, pattern, null));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }
}
