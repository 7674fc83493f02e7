// Schedules: fields, names, steps, both day fields together, zones that change their clocks.
using ServerlessEventing.Local.FunctionsHost.Timers;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class TimerScheduleTests
{
    [Theory]
    [InlineData("* * * * * *", "2026-11-23T05:28:53.5Z", "2026-11-23T05:28:54Z")]
    [InlineData("*/10 * * * * *", "2026-11-23T05:28:50Z", "2026-11-23T05:29:00Z")]
    [InlineData("0 * * * * *", "2026-11-23T05:28:00Z", "2026-11-23T05:29:00Z")]
    [InlineData("* * * * *", "2026-11-23T05:28:00Z", "2026-11-23T05:29:00Z")]
    [InlineData("0 */5 * * * *", "2026-11-23T05:58:00Z", "2026-11-23T06:00:00Z")]
    [InlineData("5/20 * * * * *", "2026-11-23T05:28:46Z", "2026-11-23T05:29:05Z")]
    [InlineData("0 0 9-17 * * MON-FRI", "2026-11-20T17:00:00Z", "2026-11-23T09:00:00Z")]
    [InlineData("0 30 8 1,15 * *", "2026-11-23T00:00:00Z", "2026-12-01T08:30:00Z")]
    [InlineData("0 0 0 1 JAN *", "2026-11-23T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("0 0 0 29 2 *", "2026-11-23T00:00:00Z", "2028-02-29T00:00:00Z")]
    // Both day fields must hold: a Friday that is a 13th.
    [InlineData("0 0 0 13 * FRI", "2026-11-23T00:00:00Z", "2027-08-13T00:00:00Z")]
    [InlineData("00:00:30", "2026-11-23T05:28:50Z", "2026-11-23T05:29:20Z")]
    public void Next_IsTheFirstTimeAfter(string schedule, string after, string expected)
    {
        Assert.True(TimerSchedule.TryParse(schedule, out var parsed, out var why), why);
        Assert.Equal(DateTimeOffset.Parse(expected), parsed!.Next(DateTimeOffset.Parse(after), TimeZoneInfo.Utc));
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * * *")]
    [InlineData("60 * * * * *")]
    [InlineData("* * 24 * * *")]
    [InlineData("* * * 0 * *")]
    [InlineData("* * * * 13 *")]
    [InlineData("* * * * * 7")]
    [InlineData("*/0 * * * * *")]
    [InlineData("5-1 * * * * *")]
    [InlineData("1, * * * * *")]
    [InlineData("-1 * * * * *")]
    [InlineData("00:00:00")]
    public void Nonsense_IsRefusedWithAReason(string schedule)
    {
        Assert.False(TimerSchedule.TryParse(schedule, out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void ThirtiethOfFebruary_NeverComes()
    {
        Assert.True(TimerSchedule.TryParse("0 0 0 30 2 *", out var parsed, out _));
        Assert.Null(parsed!.Next(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc));
    }

    [Theory]
    // Clocks go from 02:00 to 03:00 on 2026-03-29, so half past two does not exist that day.
    [InlineData("0 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")]
    // And from 03:00 back to 02:00 on 2026-10-25: half past two comes twice, the timer fires once.
    [InlineData("0 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("0 30 2 * * *", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z")]
    public void ClockChange_NeitherLosesNorDoublesARun(string schedule, string after, string expected)
    {
        var rule = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday));
        var zone = TimeZoneInfo.CreateCustomTimeZone("x", TimeSpan.FromHours(1), "x", "x", "y", [rule]);
        Assert.True(TimerSchedule.TryParse(schedule, out var parsed, out _));
        Assert.Equal(DateTimeOffset.Parse(expected), parsed!.Next(DateTimeOffset.Parse(after), zone));
    }

    [Theory]
    [InlineData("*/10 * * * * *", true)]
    [InlineData("0 * * * * *", false)]
    [InlineData("0,30 0 12 * * *", true)]
    [InlineData("00:00:20", true)]
    [InlineData("00:01:00", false)]
    public void MoreThanOnceAMinute_IsNoticed(string schedule, bool expected)
    {
        Assert.True(TimerSchedule.TryParse(schedule, out var parsed, out _));
        Assert.Equal(expected, parsed!.IsFasterThanMonitored(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc));
    }
}
