// How one container fares.
namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>Running, or waiting and why; with what became of the run before.</summary>
internal sealed record ContainerState
{
    public static readonly ContainerState Creating = new() { Waiting = new Waiting("ContainerCreating", null) };

    /// <summary>Null while it runs.</summary>
    public Waiting? Waiting { get; init; }

    public int? ProcessId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public bool Ready { get; init; }

    public int Restarts { get; init; }

    public Termination? Last { get; init; }
}

/// <summary>Why a container does not run.</summary>
internal sealed record Waiting(string Reason, string? Message);

/// <summary>How a run ended.</summary>
internal sealed record Termination(int ExitCode, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string? LastLine)
{
    public string Reason => ExitCode == 0 ? "Completed" : "Error";
}
