// One line of a process's output.
namespace ServerlessEventing.Local.Workloads.Processes;

/// <summary>A line and the time it came.</summary>
public readonly record struct LoggedLine(DateTimeOffset At, string Text);
