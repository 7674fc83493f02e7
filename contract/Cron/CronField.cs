// One field of a schedule: its range, its names, and how its text becomes a set of bits.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ServerlessEventing.Contract.Cron;

/// <summary>
/// What a field may hold. Rules and messages are those of robfig/cron v3.0.1 <c>parser.go</c>, oddities included:
/// empty list entries are skipped, <c>*-5</c> is <c>*</c>, <c>5/10</c> is <c>5-max/10</c>.
/// </summary>
internal sealed record CronField(string Name, int Least, int Most, IReadOnlyList<string> Names)
{
    /// <summary>Set for <c>*</c> and <c>?</c>: a day need not match it if the other day field does.</summary>
    public const ulong Star = 1UL << 63;

    public static readonly CronField Second = new("second", 0, 59, []);
    public static readonly CronField Minute = new("minute", 0, 59, []);
    public static readonly CronField Hour = new("hour", 0, 23, []);
    public static readonly CronField DayOfMonth = new("day of month", 1, 31, []);

    public static readonly CronField Month = new(
        "month", 1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]);

    public static readonly CronField DayOfWeek = new(
        "day of week", 0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);

    /// <summary>Every value, as <c>*</c>.</summary>
    public ulong All => Range((ulong)Least, (ulong)Most, 1) | Star;

    /// <summary>The lowest value alone.</summary>
    public ulong First => 1UL << Least;

    /// <summary>Reads a field that stands at <paramref name="position"/> of the schedule.</summary>
    public bool TryRead(string text, int position, out ulong bits, [NotNullWhen(false)] out CronFault? fault)
    {
        bits = 0;
        fault = null;
        var at = 0;
        foreach (var part in text.Split(','))
        {
            if (part.Length > 0)
            {
                if (ReadRange(part, ref bits) is { } problem)
                {
                    fault = new CronFault(problem, position + at, Name);
                    return false;
                }
            }

            at += part.Length + 1;
        }

        return true;
    }

    // low, low-high, low/step, low-high/step, with * or ? for the whole range.
    private string? ReadRange(string text, ref ulong bits)
    {
        var rangeAndStep = text.Split('/');
        var bounds = rangeAndStep[0].Split('-');
        ulong low = (ulong)Least, high = (ulong)Most, step = 1, star = 0;
        if (bounds[0] is "*" or "?")
        {
            star = Star;
        }
        else
        {
            if (ReadValue(bounds[0], out low) is { } badLow)
            {
                return badLow;
            }

            high = low;
            if (bounds.Length > 2)
            {
                return $"too many hyphens: {text}";
            }

            if (bounds.Length == 2 && ReadValue(bounds[1], out high) is { } badHigh)
            {
                return badHigh;
            }
        }

        if (rangeAndStep.Length > 2)
        {
            return $"too many slashes: {text}";
        }

        if (rangeAndStep.Length == 2)
        {
            if (ReadNumber(rangeAndStep[1], out step) is { } badStep)
            {
                return badStep;
            }

            high = bounds.Length == 1 ? (ulong)Most : high;
            star = step > 1 ? 0 : star;
        }

        if (Complaint(low, high, step, text) is { } complaint)
        {
            return complaint;
        }

        bits |= Range(low, high, step) | star;
        return null;
    }

    private string? Complaint(ulong low, ulong high, ulong step, string text) =>
        low < (ulong)Least ? $"beginning of range ({low}) below minimum ({Least}): {text}"
        : high > (ulong)Most ? $"end of range ({high}) above maximum ({Most}): {text}"
        : low > high ? $"beginning of range ({low}) beyond end of range ({high}): {text}"
        : step == 0 ? $"step of range should be a positive number: {text}"
        : null;

    private string? ReadValue(string text, out ulong value)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (text.Equals(Names[i], StringComparison.OrdinalIgnoreCase))
            {
                value = (ulong)(i + Least);
                return null;
            }
        }

        return ReadNumber(text, out value);
    }

    // As Go's strconv.Atoi: an optional sign and digits, in 64 bits.
    private static string? ReadNumber(string text, out ulong value)
    {
        value = 0;
        var digits = text.StartsWith('+') || text.StartsWith('-') ? text.AsSpan(1) : text;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return $"failed to parse int from {text}: strconv.Atoi: parsing {Quoted(text)}: invalid syntax";
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return $"failed to parse int from {text}: strconv.Atoi: parsing {Quoted(text)}: value out of range";
        }

        if (number < 0)
        {
            return $"negative number ({number}) not allowed: {text}";
        }

        value = (ulong)number;
        return null;
    }

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static ulong Range(ulong low, ulong high, ulong step)
    {
        ulong bits = 0;
        for (var value = low; value <= high; value += step)
        {
            bits |= 1UL << (int)value;
        }

        return bits;
    }
}
