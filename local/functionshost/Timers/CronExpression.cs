// NCRONTAB: six fields with seconds or five without; a day must satisfy day-of-month and day-of-week both.
namespace ServerlessEventing.Local.FunctionsHost.Timers;

/// <summary>A parsed NCRONTAB expression; knows wall-clock times only, no zones.</summary>
public sealed class CronExpression
{
    /// <summary>
    /// Past this there is nothing to find (30 February); 29 February on a given weekday needs 28 years.
    /// </summary>
    private const int YearsAhead = 40;

    private static readonly string[] Months =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly CronField seconds;
    private readonly CronField minutes;
    private readonly CronField hours;
    private readonly CronField daysOfMonth;
    private readonly CronField months;
    private readonly CronField daysOfWeek;

    private CronExpression(CronField[] fields)
    {
        seconds = fields[0];
        minutes = fields[1];
        hours = fields[2];
        daysOfMonth = fields[3];
        months = fields[4];
        daysOfWeek = fields[5];
    }

    public static bool TryParse(string text, out CronExpression? expression, out string why)
    {
        expression = null;
        var parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            why = $"it has {parts.Length} fields.";
            return false;
        }

        string[] six = parts.Length == 6 ? parts : ["0", .. parts];
        (string Name, int Least, int Most, string[] Names)[] kinds =
        [
            ("seconds", 0, 59, []), ("minutes", 0, 59, []), ("hours", 0, 23, []),
            ("day of month", 1, 31, []), ("month", 1, 12, Months), ("day of week", 0, 6, Days),
        ];
        var fields = new CronField[6];
        for (var i = 0; i < six.Length; i++)
        {
            if (!CronField.TryParse(six[i], kinds[i].Least, kinds[i].Most, kinds[i].Names, out fields[i]))
            {
                why = $"\"{six[i]}\" is no {kinds[i].Name} ({kinds[i].Least} to {kinds[i].Most}).";
                return false;
            }
        }

        why = "";
        expression = new(fields);
        return true;
    }

    /// <summary>The first matching second strictly after <paramref name="after"/>; null when there is none.</summary>
    public DateTime? Next(DateTime after)
    {
        var start = new DateTime(after.Ticks - (after.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(1);
        var limit = after.Year + YearsAhead;
        // From the coarsest unit down: whenever one does not match, jump to the start of its next value.
        for (var time = start; time.Year <= limit && time.Year < 9999;)
        {
            if (!months.Has(time.Month))
            {
                time = new DateTime(time.Year, time.Month, 1).AddMonths(1);
            }
            else if (!daysOfMonth.Has(time.Day) || !daysOfWeek.Has((int)time.DayOfWeek))
            {
                time = time.Date.AddDays(1);
            }
            else if (!hours.Has(time.Hour))
            {
                time = time.Date.AddHours(time.Hour + 1);
            }
            else if (!minutes.Has(time.Minute))
            {
                time = time.Date.AddHours(time.Hour).AddMinutes(time.Minute + 1);
            }
            else if (!seconds.Has(time.Second))
            {
                time = time.AddSeconds(1);
            }
            else
            {
                return time;
            }
        }

        return null;
    }
}
