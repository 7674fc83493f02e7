// What a monitored timer remembers between runs of the host.
namespace ServerlessEventing.Local.FunctionsHost.Timers;

/// <summary>When a timer last ran and when it is due; <see cref="Last"/> is the minimum before its first run.</summary>
public sealed record ScheduleStatus(DateTimeOffset Last, DateTimeOffset Next, DateTimeOffset LastUpdated);
