// CPU time and peak memory of a process and its children, from /proc.
using System.Globalization;

namespace ServerlessEventing.Bench.Measure;

/// <summary>Zero everywhere on systems without /proc.</summary>
internal static class ProcessTree
{
    /// <summary>USER_HZ, the unit of /proc/*/stat: 100 on every Linux in use.</summary>
    private const double TicksPerSecond = 100;

    public static TimeSpan CpuTime(int root) =>
        TimeSpan.FromSeconds(Tree(root).Sum(process => process.CpuTicks) / TicksPerSecond);

    /// <summary>The sum of each process's own peak resident memory.</summary>
    public static long PeakMemory(int root) => Tree(root).Sum(process => PeakResident(process.Id));

    private static List<Entry> Tree(int root)
    {
        var all = Directory.Exists("/proc")
            ? Directory.EnumerateDirectories("/proc").Select(Read).OfType<Entry>().ToList()
            : [];
        var tree = all.Where(process => process.Id == root).ToList();
        for (var i = 0; i < tree.Count; i++)
        {
            tree.AddRange(all.Where(process => process.Parent == tree[i].Id));
        }

        return tree;
    }

    private static Entry? Read(string folder)
    {
        if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        try
        {
            // The name, in brackets, may hold anything; the fields after it do not: state, parent, … utime, stime.
            var stat = File.ReadAllText($"{folder}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new(id, (int)Field(1), Field(11) + Field(12));

            long Field(int index) => long.Parse(fields[index], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return null;
        }
    }

    private static long PeakResident(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status")
                .FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
                CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private sealed record Entry(int Id, int Parent, long CpuTicks);
}
