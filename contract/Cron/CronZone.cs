// Finds a time zone by the names Go's time.LoadLocation knows: IANA names, letter case and all.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Contract.Cron;

internal static class CronZone
{
    private const int LongestName = 100;

    /// <summary>An empty name is UTC; <c>Local</c> is the zone of this machine.</summary>
    public static bool TryFind(
        string name, [NotNullWhen(true)] out TimeZoneInfo? zone, [NotNullWhen(false)] out string? problem)
    {
        zone = name switch
        {
            "" or "UTC" => TimeZoneInfo.Utc,
            "Local" => TimeZoneInfo.Local,
            _ => null,
        };
        problem = null;
        if (zone is not null)
        {
            return true;
        }

        if (name.Contains("..", StringComparison.Ordinal) || name[0] is '/' or '\\')
        {
            problem = "time: invalid location name";
            return false;
        }

        // The system is lenient about letter case and knows Windows' names too; Go is not, and does not.
        if (name.Length <= LongestName && TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone)
            && zone.HasIanaId && zone.Id == name)
        {
            return true;
        }

        zone = null;
        problem = $"unknown time zone {name}";
        return false;
    }
}
