// What the conformance table leaves out: places of mistakes, @every, prefixes, and all times against a slow walk.
using System.Globalization;
using CsCheck;
using ServerlessEventing.Contract.Cron;

namespace ServerlessEventing.Contract.Tests.Cron;

public sealed class CronScheduleTests
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(30);
    private static readonly Gen<int[]?> AnyValue = Gen.Int[0, 0].Select(_ => (int[]?)null);

    [Theory]
    [InlineData("0 0 * * 7", 8, "day of week")]
    [InlineData("60 * * * *", 0, "minute")]
    [InlineData("61 * * * * *", 0, "second")]
    [InlineData("0,5, 7-3/2 * * * *", 5, "minute")]
    [InlineData("* *  1,99 * *", 7, "day of month")]
    [InlineData("CRON_TZ=UTC * * * * x", 20, "day of week")]
    [InlineData("CRON_TZ=Nope * * * * *", 8, null)]
    [InlineData("@sometimes", 0, null)]
    [InlineData("* * * *", 0, null)]
    [InlineData("1 @every 2h", 2, null)]
    [InlineData("CRON_TZ=UTC", 11, null)]
    public void Schedule_Mistake_IsToldWithItsPlace(string schedule, int position, string? field)
    {
        Assert.False(CronSchedule.TryParse(schedule, "", CronDialect.PingSource, out _, out var fault));
        Assert.Equal((position, field), (fault.Position, fault.Field));
    }

    [Theory]
    [InlineData("* * * *", "expected 5 to 6 fields, found 4: [* * * *]")]
    [InlineData(" @hourly", "expected 5 to 6 fields, found 1: [@hourly]")]
    [InlineData("1/2/3 * * * *", "too many slashes: 1/2/3")]
    [InlineData("*/0 * * * *", "step of range should be a positive number: */0")]
    [InlineData("*/-5 * * * *", "negative number (-5) not allowed: -5")]
    [InlineData("99999999999999999999 * * * *", "failed to parse int from 99999999999999999999: strconv.Atoi: "
        + "parsing \"99999999999999999999\": value out of range")]
    public void Schedule_Mistake_IsToldInRobfigsWords(string schedule, string message)
    {
        Assert.False(CronSchedule.TryParse(schedule, "", CronDialect.PingSource, out _, out var fault));
        Assert.Equal(message, fault.Message);
    }

    [Theory]
    [InlineData("Europe/Berlin", true)]
    [InlineData("europe/berlin", false)]
    [InlineData("utc", false)]
    [InlineData("UTC", true)]
    [InlineData("Local", true)]
    [InlineData("Pacific Standard Time", false)]
    [InlineData("../etc/localtime", false)]
    [InlineData("/etc/localtime", false)]
    [InlineData("zone.tab", false)]
    public void TimeZone_Name_IsFoundAsGoFindsIt(string name, bool found) =>
        Assert.Equal(found, CronSchedule.TryParse("* * * * *", name, CronDialect.PingSource, out _, out _));

    [Theory]
    [InlineData("@every 1h30m", 5400)]
    [InlineData("@every 1.5h", 5400)]
    [InlineData("@every 90s", 90)]
    [InlineData("@every 300ms", 1)]
    [InlineData("@every 2500ms", 2)]
    [InlineData("CRON_TZ=Europe/Berlin @every 10s", 10)]
    public void Every_OfACronJobSource_FiresAtWholeIntervalsSince1970(string schedule, int seconds)
    {
        Assert.True(CronSchedule.TryParse(schedule, "", CronDialect.CronJobSource, out var cron, out _));
        var from = At("2024-02-27T23:59:58.5Z");

        var first = cron.Next(from)!.Value;
        Assert.True(first > from && first - from <= TimeSpan.FromSeconds(seconds));
        Assert.Equal(0, first.ToUnixTimeSeconds() % seconds);
        Assert.Equal(first.AddSeconds(seconds), cron.Next(first));
    }

    [Theory]
    [InlineData("@every 5")]
    [InlineData("@every ")]
    [InlineData("@every 5 minutes")]
    [InlineData("@every 99999999999999h")]
    [InlineData("0 * * * * *")]
    public void Schedule_NotOfACronJobSource_IsRefused(string schedule) =>
        Assert.False(CronSchedule.TryParse(schedule, "", CronDialect.CronJobSource, out _, out _));

    [Fact]
    public void Next_AfterAFraction_IsTheComingSecond()
    {
        Assert.True(CronSchedule.TryParse("* * * * * *", "", CronDialect.PingSource, out var cron, out _));
        Assert.Equal(At("2024-01-01T00:00:01Z"), cron.Next(At("2024-01-01T00:00:00.9999999Z")));
        Assert.Equal(At("2024-01-01T00:00:01Z"), cron.Next(At("2024-01-01T00:00:00Z")));
    }

    /// <summary>
    /// Zones whose clocks change by whole hours; where half an hour is shifted robfig itself leaves the wall clock.
    /// </summary>
    [Fact]
    public void Next_AnyScheduleNearAChangeOfClocks_IsWhatASecondBySecondWalkFinds()
    {
        var sets = Gen.Select(
            Set(0, 59), Set(0, 59), Set(0, 23), Set(1, 31), AnyValue, Set(0, 6),
            (second, minute, hour, day, month, weekDay) => new[] { second, minute, hour, day, month, weekDay });
        var zones = OneOf("UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata");
        var starts = OneOf(
            "2024-03-30T20:00:00Z", "2024-10-26T20:00:00Z", "2024-03-10T00:00:00Z", "2024-11-03T00:00:00Z",
            "2018-02-17T20:00:00Z", "2018-11-03T20:00:00Z", "2024-02-28T12:00:00Z");

        Gen.Select(sets, zones, starts).Sample(
            (fields, zoneName, start) =>
            {
                var text = string.Join(' ', fields.Select(set => set is null ? "*" : string.Join(',', set)));
                Assert.True(CronSchedule.TryParse(text, zoneName, CronDialect.PingSource, out var cron, out var fault),
                    fault?.ToString());
                var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneName);
                var from = At(start);
                var (end, at) = (from + Window, from);
                foreach (var expected in Walk(fields, zone, from, end).Take(20))
                {
                    at = cron.Next(at) ?? DateTimeOffset.MaxValue;
                    Assert.Equal(expected, at);
                }
            },
            iter: 60);
    }

    // Every second of the window whose wall-clock time is in all the sets.
    private static IEnumerable<DateTimeOffset> Walk(
        int[]?[] sets, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset end)
    {
        for (var at = from.AddSeconds(1); at <= end; at = at.AddSeconds(1))
        {
            var wall = at + zone.GetUtcOffset(at);
            bool In(int field, int value) => sets[field] is not { } set || set.Contains(value);
            var (day, weekDay) = (In(3, wall.Day), In(5, (int)wall.DayOfWeek));
            var either = sets[3] is not null && sets[5] is not null;
            if (In(0, wall.Second) && In(1, wall.Minute) && In(2, wall.Hour) && In(4, wall.Month)
                && (either ? day || weekDay : day && weekDay))
            {
                yield return at;
            }
        }
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static Gen<int[]?> Set(int least, int most) =>
        Gen.Frequency((1, AnyValue), (2, Gen.Int[least, most].Array[1, 4].Select(set => (int[]?)set)));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
