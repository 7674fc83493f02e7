// A time as a zone's wall clock shows it, with the arithmetic of Go's time package.
namespace ServerlessEventing.Contract.Cron;

/// <summary>
/// Dates are set and added on the wall, durations on the time line. A wall-clock time that does not exist, or exists
/// twice, becomes what Go's <c>time.Date</c> makes of it; fire times near a change of clocks hang on that.
/// </summary>
internal struct WallClock(TimeZoneInfo zone, DateTimeOffset now)
{
    public DateTimeOffset Now { get; private set; } = TimeZoneInfo.ConvertTime(now, zone);

    public void Add(TimeSpan duration) => Now = TimeZoneInfo.ConvertTime(Now + duration, zone);

    public void AddDay() => SetWall(Now.DateTime.AddDays(1));

    /// <summary>A month on; the day is the first, so it is in every month.</summary>
    public void AddMonth() => SetWall(Now.DateTime.AddMonths(1));

    public void Set(int year, int month, int day, int hour) =>
        SetWall(new DateTime(year, month, day, hour, 0, 0, DateTimeKind.Unspecified));

    private void SetWall(DateTime wall)
    {
        var asUtc = DateTime.SpecifyKind(wall, DateTimeKind.Utc);
        var guess = asUtc - zone.GetUtcOffset(asUtc);
        Now = TimeZoneInfo.ConvertTime(new DateTimeOffset(asUtc - zone.GetUtcOffset(guess)), zone);
    }
}
