// `eventing cron`: when a PingSource or CronJobSource would tick, and what is wrong with its schedule.
using System.CommandLine;
using System.Globalization;
using System.Text;
using ServerlessEventing.Cli.Cron;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Contract.Cron;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Exit 0: there are times, or the schedule never fires; 2: the schedule is wrong.</summary>
internal static class CronCommand
{
    private const int ScheduleIsWrong = 2;
    private const int DefaultCount = 6;
    private const int MostCount = 10_000;

    private static readonly Option<string?> Schedule = new("--schedule", "-s")
    {
        Description = "Cron schedule: five fields, six with leading seconds, or a descriptor like @hourly",
    };

    private static readonly Option<string?> Zone = new("--timezone", "-z")
    {
        Description = "IANA time zone, like Europe/Berlin; UTC if left out",
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "Time after which to begin, RFC 3339; now if left out",
    };

    private static readonly Option<int?> Count = new("--count", "-n")
    {
        Description = $"How many times to show, 1 to {MostCount}; {DefaultCount} if left out",
    };

    private static readonly Option<bool> Old = new("--cronjobsource")
    {
        Description = "Take what v0.7's CronJobSource takes: five fields or a descriptor, @every too",
    };

    private static readonly Option<bool> JsonLines = new("--stdin-jsonl")
    {
        Description = "Answer each JSON line of stdin, {\"schedule\": …, \"timezone\": …, \"from\": …}",
    };

    public static Command Create()
    {
        var next = new Command(
            "next",
            """
            Show when a schedule fires next, in UTC and on the clocks of its time zone.

            Examples:
              eventing cron next --schedule "0 9 * * MON-FRI" --timezone Europe/Berlin
              eventing cron next --schedule "*/10 * * * * *" --count 3
              eventing cron next --schedule "30 2 * * *" --timezone America/New_York --from 2030-03-09T12:00:00Z
              eventing cron next --stdin-jsonl < questions.jsonl
            """)
        {
            Schedule, Zone, From, Count, Old, JsonLines,
        };
        next.Validators.Add(result =>
        {
            if (result.GetValue(JsonLines) == result.GetValue(Schedule) is not null)
            {
                result.AddError("give one of --schedule and --stdin-jsonl");
            }

            if (result.GetValue(Count) is < 1 or > MostCount)
            {
                result.AddError($"--count must be 1 to {MostCount}");
            }

            if (result.GetValue(From) is { } from && !CronLines.TryReadTime(from, out _))
            {
                result.AddError($"--from is '{from}'; write it as RFC 3339, like 2030-01-31T12:00:00Z");
            }
        });
        next.SetAction(RunAsync);
        return new Command("cron", "Try the schedule of a PingSource or CronJobSource.") { next };
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var dialect = result.GetValue(Old) ? CronDialect.CronJobSource : CronDialect.PingSource;
        if (result.GetValue(JsonLines))
        {
            using var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
            await LineAnswers.WriteAsync(
                input,
                Console.Out,
                line => CronLines.Answer(line, dialect, TimeProvider.System.GetUtcNow()),
                cancellationToken);
            return 0;
        }

        var text = result.GetValue(Schedule)!;
        if (!CronSchedule.TryParse(text, result.GetValue(Zone) ?? "", dialect, out var schedule, out var fault))
        {
            await Console.Error.WriteLineAsync($"eventing: {Terminal.Printable(fault.ToString())}");
            if (fault.Field != "time zone")
            {
                await Console.Error.WriteLineAsync($"  {Terminal.Printable(text)}");
                await Console.Error.WriteLineAsync($"  {new string(' ', fault.Position)}^");
            }

            return ScheduleIsWrong;
        }

        Show(schedule, result);
        return 0;
    }

    private static void Show(CronSchedule schedule, ParseResult result)
    {
        var from = result.GetValue(From) is { } given && CronLines.TryReadTime(given, out var asked)
            ? asked
            : TimeProvider.System.GetUtcNow();
        var any = false;
        foreach (var time in CronLines.Next(schedule, from, result.GetValue(Count) ?? DefaultCount))
        {
            any = true;
            var local = TimeZoneInfo.ConvertTime(time, schedule.TimeZone);
            Terminal.Line(local.Offset == TimeSpan.Zero && schedule.TimeZone.Id == TimeZoneInfo.Utc.Id
                ? CronLines.Shown(time)
                : $"{CronLines.Shown(time)}  " + Terminal.Faint(
                    local.ToString("ddd yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)));
        }

        if (!any)
        {
            Terminal.Line("never: no such time within five years");
        }
    }
}
