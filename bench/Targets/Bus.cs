// A bus under load: a broker in a process of its own, and how clients reach it.
using Amqp;

namespace ServerlessEventing.Bench.Targets;

/// <summary>What the bench needs of a broker; each run has a queue of its own.</summary>
internal abstract class Bus(string name, ChildProcess process, TimeSpan startTime) : IAsyncDisposable
{
    public string Name { get; } = name;

    public int ProcessId => process.Id;

    /// <summary>From the start of the process until it listens.</summary>
    public TimeSpan StartTime { get; } = startTime;

    /// <summary>Where it speaks AMQP, and the name and key that open a connection.</summary>
    public abstract Address Address { get; }

    /// <summary>Makes a queue that survives the broker; returns the name a client calls it by.</summary>
    public abstract Task<string> CreateQueueAsync(CancellationToken cancellationToken);

    public abstract Task DeleteQueueAsync(string queue, CancellationToken cancellationToken);

    public virtual async ValueTask DisposeAsync() => await process.DisposeAsync();
}
