// How events are sent.
namespace ServerlessEventing.Cli.Sending;

/// <summary>Settings of one `eventing send`.</summary>
internal sealed record SendOptions
{
    public required Uri Url { get; init; }

    public SendMode Mode { get; init; }

    /// <summary>Events in one request; above 1 in CloudEvents' batch format.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>Events a second; null: as fast as they are answered.</summary>
    public double? Rate { get; init; }

    /// <summary>How often each event is sent, unchanged, as a producer does that got no answer.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>How many events there will be; null: as many as the input has.</summary>
    public int? Total { get; init; }

    /// <summary>How often an event will be sent, repeats counted; null: not known beforehand.</summary>
    public long? Sends => (long?)Total * Repeat;
}

/// <summary>CloudEvents' two content modes for one event.</summary>
internal enum SendMode
{
    /// <summary>Attributes are headers, the data is the body.</summary>
    Binary,

    /// <summary>The body is the event as JSON.</summary>
    Structured,
}
