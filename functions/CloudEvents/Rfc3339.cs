// Recognises RFC 3339 timestamps by shape, so that their text can pass untouched.
using System.Globalization;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>https://www.rfc-editor.org/rfc/rfc3339#section-5.6, with lower-case t and z and leap seconds.</summary>
internal static class Rfc3339
{
    /// <summary>Writes a time in UTC with all the digits it has.</summary>
    public static string Write(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    /// <summary>Reads a timestamp; leap seconds count as the second before.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) => DateTimeOffset.TryParse(
        text.Replace(":60", ":59", StringComparison.Ordinal),
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal,
        out time);

    public static bool IsTimestamp(ReadOnlySpan<char> text)
    {
        // 0123456789012345678
        // 2018-04-05T17:31:00[.123…](Z|+01:00)
        if (text.Length < 20
            || !Number(text, 0, 4, out var year) || text[4] != '-'
            || !Number(text, 5, 2, out var month) || text[7] != '-'
            || !Number(text, 8, 2, out var day) || text[10] is not ('T' or 't')
            || !Number(text, 11, 2, out var hour) || text[13] != ':'
            || !Number(text, 14, 2, out var minute) || text[16] != ':'
            || !Number(text, 17, 2, out var second)
            || month is 0 or > 12 || hour > 23 || minute > 59 || second > 60
            || day == 0 || day > DateTime.DaysInMonth(Math.Max(year, 1), month))
        {
            return false;
        }

        var rest = text[19..];
        if (rest[0] == '.')
        {
            var end = rest[1..].IndexOfAnyExceptInRange('0', '9') + 1;
            if (end <= 1)
            {
                return false;
            }

            rest = rest[end..];
        }

        return rest is "Z" or "z" || IsOffset(rest);
    }

    private static bool IsOffset(ReadOnlySpan<char> text) =>
        text.Length == 6 && (text[0] is '+' or '-') && text[3] == ':'
        && Number(text, 1, 2, out var hours) && hours <= 23
        && Number(text, 4, 2, out var minutes) && minutes <= 59;

    private static bool Number(ReadOnlySpan<char> text, int start, int length, out int value)
    {
        value = 0;
        foreach (var c in text.Slice(start, length))
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            value = (value * 10) + c - '0';
        }

        return true;
    }
}
