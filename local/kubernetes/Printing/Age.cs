// Ages as kubectl shows them: 2s, 5m10s, 3h, 4d.
using System.Globalization;

namespace ServerlessEventing.Local.Kubernetes.Printing;

/// <summary>Two units at most, fewer as the age grows.</summary>
public static class Age
{
    public static string Since(string? timestamp, DateTimeOffset now) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, out var then)
            ? Of(now - then)
            : string.IsNullOrEmpty(timestamp) ? "<unknown>" : "<invalid>";

    public static string Of(TimeSpan age)
    {
        var seconds = (long)Math.Floor(age.TotalSeconds);
        if (seconds < 120)
        {
            return seconds < -1 ? "<invalid>" : $"{Math.Max(0, seconds)}s";
        }

        var minutes = seconds / 60;
        var hours = minutes / 60;
        var days = hours / 24;
        var years = days / 365;
        return minutes < 10 ? Two(minutes, "m", seconds % 60, "s")
            : minutes < 180 ? $"{minutes}m"
            : hours < 8 ? Two(hours, "h", minutes % 60, "m")
            : hours < 48 ? $"{hours}h"
            : days < 8 ? Two(days, "d", hours % 24, "h")
            : days < 730 ? $"{days}d"
            : years < 8 ? Two(years, "y", days % 365, "d")
            : $"{years}y";
    }

    private static string Two(long large, string unit, long small, string smallUnit) =>
        small == 0 ? $"{large}{unit}" : $"{large}{unit}{small}{smallUnit}";
}
