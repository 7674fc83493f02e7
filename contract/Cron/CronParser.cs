// Reads the text of a schedule: zone prefix, descriptor, or five to six fields.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Contract.Cron;

/// <summary>robfig/cron v3.0.1 <c>parser.go</c>, with the checks Knative puts in front of it.</summary>
/// <remarks>
/// <code>
///   [TZ=zone |CRON_TZ=zone ] ─► 1 zone ─► 2 @descriptor ─► whole schedule
///                                         3 fields, seconds first if there are six ─► bits
/// </code>
/// </remarks>
internal static class CronParser
{
    private const int LongestSchedule = 4096;

    private static readonly CronField[] Fields =
    [
        CronField.Second, CronField.Minute, CronField.Hour,
        CronField.DayOfMonth, CronField.Month, CronField.DayOfWeek,
    ];

    /// <summary>As <see cref="CronSchedule.TryParse"/>.</summary>
    public static bool TryParse(
        string text,
        string timeZone,
        CronDialect dialect,
        [NotNullWhen(true)] out CronSchedule? schedule,
        [NotNullWhen(false)] out CronFault? fault)
    {
        schedule = null;
        if (dialect == CronDialect.PingSource
            && text.IndexOf("@every", StringComparison.Ordinal) is >= 0 and var every)
        {
            fault = new("unsupported descriptor @every", every);
            return false;
        }

        if (text.Length == 0 || text.Length > LongestSchedule)
        {
            fault = new(text.Length == 0 ? "empty spec string" : $"longer than {LongestSchedule} characters", 0);
            return false;
        }

        // 1: a zone beside the schedule is what robfig gets as a prefix; then another prefix is only a bad field.
        var (start, name, nameAt) = timeZone.Length > 0 ? (SkipSpace(text, 0), timeZone, 0) : Prefix(text);
        if (start < 0)
        {
            fault = new("missing schedule after the time zone: put a space and the fields behind it", text.Length);
            return false;
        }

        if (!CronZone.TryFind(name, out var zone, out var problem))
        {
            fault = new($"provided bad location {name}: {problem}", nameAt, timeZone.Length > 0 ? "time zone" : null);
            return false;
        }

        var rest = nameAt > 0 || timeZone.Length > 0 ? text.AsSpan(start).TrimEnd() : text.AsSpan(start);
        return rest.StartsWith("@")
            ? TryDescriptor(rest.ToString(), start, zone, out schedule, out fault)
            : TryFields(text, start, zone, dialect, out schedule, out fault);
    }

    // Where the schedule itself begins (-1: nowhere), and the zone before it.
    private static (int Start, string Zone, int ZoneAt) Prefix(string text)
    {
        if (!text.StartsWith("TZ=", StringComparison.Ordinal) && !text.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            return (0, "", 0);
        }

        var equals = text.IndexOf('=') + 1;
        var space = text.IndexOf(' ');
        return space < 0 ? (-1, "", equals) : (SkipSpace(text, space), text[equals..space], equals);
    }

    // 2: names are exact, and @yearly is the first second of everything above a day.
    private static bool TryDescriptor(
        string text,
        int at,
        TimeZoneInfo zone,
        [NotNullWhen(true)] out CronSchedule? schedule,
        [NotNullWhen(false)] out CronFault? fault)
    {
        const string Every = "@every ";
        var (hour, day, month, weekDay) =
            (CronField.Hour.First, CronField.DayOfMonth.First, CronField.Month.First, CronField.DayOfWeek.All);
        schedule = null;
        fault = null;
        switch (text)
        {
            case "@yearly" or "@annually":
                break;
            case "@monthly":
                month = CronField.Month.All;
                break;
            case "@weekly":
                (day, month, weekDay) = (CronField.DayOfMonth.All, CronField.Month.All, CronField.DayOfWeek.First);
                break;
            case "@daily" or "@midnight":
                (day, month) = (CronField.DayOfMonth.All, CronField.Month.All);
                break;
            case "@hourly":
                (hour, day, month) = (CronField.Hour.All, CronField.DayOfMonth.All, CronField.Month.All);
                break;
            case var _ when text.StartsWith(Every, StringComparison.Ordinal):
                if (CronInterval.TryRead(text[Every.Length..], out var interval, out var problem))
                {
                    schedule = CronSchedule.EveryInterval(interval);
                    return true;
                }

                fault = new($"failed to parse duration {text}: {problem}", at + Every.Length);
                return false;
            default:
                fault = new($"unrecognized descriptor: {text}", at);
                return false;
        }

        schedule = CronSchedule.OfFields(
            [CronField.Second.First, CronField.Minute.First, hour, day, month, weekDay], zone);
        return true;
    }

    // 3: six fields are bits of six sets.
    private static bool TryFields(
        string text,
        int start,
        TimeZoneInfo zone,
        CronDialect dialect,
        [NotNullWhen(true)] out CronSchedule? schedule,
        [NotNullWhen(false)] out CronFault? fault)
    {
        schedule = null;
        var words = Words(text, start);
        if (words.Count != 5 && (words.Count != 6 || dialect == CronDialect.CronJobSource))
        {
            var expected = dialect == CronDialect.PingSource ? "5 to 6" : "exactly 5";
            var shown = string.Join(' ', words.Select(word => word.Text));
            fault = new($"expected {expected} fields, found {words.Count}: [{shown}]", start);
            return false;
        }

        var sets = new ulong[Fields.Length];
        sets[0] = CronField.Second.First;
        var skipped = Fields.Length - words.Count;
        for (var i = skipped; i < Fields.Length; i++)
        {
            var (word, at) = words[i - skipped];
            if (!Fields[i].TryRead(word, at, out sets[i], out fault))
            {
                return false;
            }
        }

        fault = null;
        schedule = CronSchedule.OfFields(sets, zone);
        return true;
    }

    private static List<(string Text, int At)> Words(string text, int start)
    {
        List<(string, int)> words = [];
        for (var at = SkipSpace(text, start); at < text.Length; at = SkipSpace(text, at))
        {
            var end = at;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            words.Add((text[at..end], at));
            at = end;
        }

        return words;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }
}
