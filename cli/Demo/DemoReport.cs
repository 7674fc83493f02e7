// Compares the subscribers' ledgers with the script, and prints it.
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.Cli.Demo;

/// <summary>What each Trigger delivered, by its subscriber's own ledger.</summary>
internal sealed class DemoReport
{
    private readonly IReadOnlyList<Row> rows;

    private DemoReport(IReadOnlyList<Row> rows) => this.rows = rows;

    /// <summary>Deliveries that must happen.</summary>
    public int Expected => rows.Sum(row => row.Expected.Count);

    /// <summary>Expected deliveries that did happen, each counted once.</summary>
    public int Delivered => rows.Sum(row => row.Arrived.Count());

    /// <summary>Everything arrived once, and nothing else did.</summary>
    public bool Complete => rows.All(row => row.Complete);

    public static DemoReport Read(DataFolder data) => new(
    [
        .. DemoScript.Triggers.Select(trigger => new Row(
            trigger,
            Ledger.ReadAll(data.Ledgers(trigger.Namespace, trigger.Deployment)),
            DemoScript.Expected[trigger.Name])),
    ]);

    /// <summary>When a Trigger's subscriber got what is known as <paramref name="key"/>; null: not yet.</summary>
    public DateTimeOffset? TimeOf(DemoTrigger trigger, string key) => rows.Single(row => row.Trigger == trigger)
        .Got.FirstOrDefault(entry => DemoScript.KeyOf(entry) == key)?.Time;

    public void Print()
    {
        foreach (var row in rows)
        {
            var mark = row.Complete ? Terminal.Good("✓") : Terminal.Bad("✗");
            Terminal.Line($"  {mark} {row.Trigger.Namespace + "/" + row.Trigger.Name,-27} "
                + $"{row.Arrived.Count(),2} of {row.Expected.Count,2}   {string.Join(' ', row.Arrived)}");
            if (row.OfTheCluster > 0)
            {
                Terminal.Line(Terminal.Faint(
                    $"      and {row.OfTheCluster} Kubernetes Events that the house itself wrote meanwhile"));
            }

            foreach (var missing in row.Expected.Except(row.Arrived))
            {
                Terminal.Line($"      missing {missing}");
            }

            foreach (var stray in row.Strays)
            {
                Terminal.Line($"      {stray.Count()} × {Terminal.Printable(stray.Key)}, not expected so");
            }
        }
    }

    private sealed record Row(DemoTrigger Trigger, IReadOnlyList<LedgerEntry> Got, IReadOnlyList<string> Expected)
    {
        public IEnumerable<string> Arrived =>
            Expected.Where(key => Got.Any(entry => DemoScript.KeyOf(entry) == key));

        /// <summary>Changes in the cluster that are not of the demo's making.</summary>
        public int OfTheCluster =>
            Got.Count(entry => DemoScript.IsChange(entry) && !Expected.Contains(DemoScript.KeyOf(entry)));

        /// <summary>Repeats, and what this Trigger should not have let through.</summary>
        public IEnumerable<IGrouping<string, LedgerEntry>> Strays => Got
            .GroupBy(DemoScript.KeyOf)
            .Where(entries => Expected.Contains(entries.Key)
                ? entries.Count() > 1
                : entries.Any(entry => !DemoScript.IsChange(entry)));

        public bool Complete => Arrived.Count() == Expected.Count && !Strays.Any();
    }
}
