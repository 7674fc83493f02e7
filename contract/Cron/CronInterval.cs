// The duration behind @every, in Go's notation: 1h30m, 1.5h, 90s.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ServerlessEventing.Contract.Cron;

/// <summary>
/// Go's time.ParseDuration and robfig's Every: at least a second, and whole ones. Sub-second units are read and then
/// rounded away.
/// </summary>
internal static class CronInterval
{
    private static readonly (string Unit, decimal Seconds)[] Units =
    [
        ("ns", 0.000_000_001m), ("us", 0.000_001m), ("µs", 0.000_001m), ("μs", 0.000_001m), ("ms", 0.001m),
        ("s", 1), ("m", 60), ("h", 3600),
    ];

    /// <summary>As long as Go's int64 of nanoseconds goes.</summary>
    private const decimal Longest = long.MaxValue / 1_000_000_000m;

    public static bool TryRead(string text, out TimeSpan interval, [NotNullWhen(false)] out string? problem)
    {
        interval = default;
        problem = null;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        rest = rest.StartsWith("-") || rest.StartsWith("+") ? rest[1..] : rest;
        if (rest.IsEmpty)
        {
            problem = $"time: invalid duration \"{text}\"";
            return false;
        }

        decimal seconds = 0;
        var zero = rest is "0";
        while (!rest.IsEmpty && !zero)
        {
            if (!TryPart(ref rest, text, out var part, out problem))
            {
                return false;
            }

            seconds += part;
            if (seconds > Longest)
            {
                problem = $"time: invalid duration \"{text}\"";
                return false;
            }
        }

        interval = TimeSpan.FromSeconds(negative || seconds < 1 ? 1 : (long)seconds);
        return true;
    }

    private static bool TryPart(
        ref ReadOnlySpan<char> rest, string text, out decimal seconds, [NotNullWhen(false)] out string? problem)
    {
        seconds = 0;
        problem = null;
        var end = rest.IndexOfAnyExcept("0123456789.");
        var number = end < 0 ? rest : rest[..end];
        if (number.Length is 0 or > 25 || !decimal.TryParse(
            number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            problem = $"time: invalid duration \"{text}\"";
            return false;
        }

        rest = rest[number.Length..];
        end = rest.IndexOfAny("0123456789.");
        var unit = (end < 0 ? rest : rest[..end]).ToString();
        var known = Array.FindIndex(Units, item => item.Unit == unit);
        if (known < 0)
        {
            problem = unit.Length == 0
                ? $"time: missing unit in duration \"{text}\""
                : $"time: unknown unit \"{unit}\" in duration \"{text}\"";
            return false;
        }

        rest = rest[unit.Length..];
        if (value > Longest)
        {
            problem = $"time: invalid duration \"{text}\"";
            return false;
        }

        seconds = value * Units[known].Seconds;
        return true;
    }
}
