// How busy the machine is apart from us.
using System.Globalization;

namespace ServerlessEventing.Bench.Measure;

/// <summary>From /proc; zero elsewhere.</summary>
internal static class LoadAverage
{
    public static double OfLastMinute() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture)
        : 0;
}
