// Compares the subscribers' ledgers with the script, and prints it.
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.Cli.Demo;

/// <summary>What each Trigger delivered, by its subscriber's own ledger.</summary>
internal sealed class DemoReport
{
    private readonly List<(string Trigger, IReadOnlyList<LedgerEntry> Got, IReadOnlyList<string> Expected)> rows;

    private DemoReport(List<(string, IReadOnlyList<LedgerEntry>, IReadOnlyList<string>)> rows) => this.rows = rows;

    /// <summary>Deliveries that must happen.</summary>
    public int Expected => rows.Sum(row => row.Expected.Count);

    /// <summary>Expected deliveries that did happen, each counted once.</summary>
    public int Delivered => rows.Sum(row => row.Expected.Count(id => row.Got.Any(entry => entry.Id == id)));

    /// <summary>Deliveries in the ledgers that the script does not ask for: repeats and strays.</summary>
    public int Surplus => rows.Sum(row => row.Got.Count) - Delivered;

    public bool Complete => Delivered == Expected && Surplus == 0;

    public static DemoReport Read(DataFolder data) => new(
    [
        .. DemoScript.Subscribers.Select(pair => (
            pair.Trigger,
            Ledger.ReadAll(data.Ledgers(DemoScript.Namespace, pair.Deployment)),
            DemoScript.Expected[pair.Trigger])),
    ]);

    public void Print()
    {
        foreach (var (trigger, got, expected) in rows)
        {
            var arrived = expected.Count(id => got.Any(entry => entry.Id == id));
            var mark = arrived == expected.Count && got.Count == arrived ? Terminal.Good("✓") : Terminal.Bad("✗");
            Terminal.Line($"  {mark} {trigger,-20} {arrived,2} of {expected.Count,2}   {Types(got)}");
            foreach (var missing in expected.Where(id => got.All(entry => entry.Id != id)))
            {
                Terminal.Line($"      missing {missing}");
            }

            foreach (var stray in got.GroupBy(entry => entry.Id).Where(entries => !IsExpectedOnce(entries, expected)))
            {
                Terminal.Line($"      {stray.Count()} × {Terminal.Printable(stray.Key)}, not expected so");
            }
        }
    }

    private static bool IsExpectedOnce(IGrouping<string, LedgerEntry> entries, IReadOnlyList<string> expected) =>
        entries.Count() == 1 && expected.Contains(entries.Key);

    private static string Types(IReadOnlyList<LedgerEntry> got) => string.Join(", ", got
        .GroupBy(entry => entry.Type)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => $"{group.Count()} × {Terminal.Printable(ShortType(group.Key))}"));

    private static string ShortType(string type) => type.Replace("com.example.", "", StringComparison.Ordinal);
}
