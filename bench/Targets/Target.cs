// Something that takes events: a house, or a control to compare it with.
namespace ServerlessEventing.Bench.Targets;

/// <summary>Where to post, whether deliveries come of it, and which processes it is made of.</summary>
internal sealed class Target : IAsyncDisposable
{
    private readonly IAsyncDisposable? process;

    public Target(string name, Uri address, bool delivers, int? processId, IAsyncDisposable? process = null)
    {
        this.process = process;
        Name = name;
        Address = address;
        Delivers = delivers;
        ProcessId = processId;
    }

    public string Name { get; }

    public Uri Address { get; }

    public bool Delivers { get; }

    /// <summary>The root of its processes; null when they are not known.</summary>
    public int? ProcessId { get; }

    public ValueTask DisposeAsync() => process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
