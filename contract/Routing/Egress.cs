// One subscriber's path: which events, to where, how often, and where to when it fails.
using ServerlessEventing.Contract.Filters;

namespace ServerlessEventing.Contract.Routing;

/// <summary>One subscriber's path. The rule of its bus subscription stamps <see cref="Uid"/> on each message.</summary>
public sealed record Egress
{
    /// <summary>UID of the Trigger, Subscription or source; the value of <c>eventing_egress</c>.</summary>
    public required string Uid { get; init; }

    /// <summary>The kind of object it stands for.</summary>
    public required EgressKind Kind { get; init; }

    /// <summary>Namespace of that object.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of that object.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Name of the Broker or Channel its events come from, in its own namespace; null for a source. For people to read
    /// in metrics and traces.
    /// </summary>
    public string? Origin { get; init; }

    /// <summary>Whether its messages are delivered, dropped, or wait.</summary>
    public EgressState State { get; init; }

    /// <summary>The lane its messages wait in; retries go to <c>{lane}-retries</c>.</summary>
    public required string Lane { get; init; }

    /// <summary>Set when it shares no lane; then <see cref="Lane"/> only names its retries queue.</summary>
    public DedicatedDispatch? Dedicated { get; init; }

    /// <summary>
    /// How many deliveries may be under way at once in each instance of the functions; null: as many as one egress may
    /// have there anyway.
    /// </summary>
    public int? Parallelism { get; init; }

    /// <summary>Who gets the events. Null for a Subscription with only a reply: the event is the reply.</summary>
    public Destination? Destination { get; init; }

    /// <summary>Filters that must all pass; an empty list passes everything.</summary>
    public IReadOnlyList<FilterExpression> Filters { get; init => field = value ?? []; } = [];

    /// <summary>Where a CloudEvent in the subscriber's answer goes; null drops it.</summary>
    public Destination? Reply { get; init; }

    /// <summary>Where an event goes that could not be delivered; null means the dead letters queue.</summary>
    public Destination? DeadLetterSink { get; init; }

    /// <summary>Retry, backoff, timeout and format, with every default filled in.</summary>
    public Delivery Delivery { get; init => field = value ?? new(); } = new();
}

/// <summary>What an <see cref="Egress"/> stands for.</summary>
public enum EgressKind
{
    /// <summary>A Trigger: dispatched by the TriggerFilter function.</summary>
    Trigger,

    /// <summary>A Subscription of a Channel: dispatched by the ChannelFanout function.</summary>
    Subscription,

    /// <summary>A source: dispatched by the SourceDelivery function.</summary>
    Source,
}

/// <summary>Life of an <see cref="Egress"/>.</summary>
public enum EgressState
{
    /// <summary>In force.</summary>
    Active,

    /// <summary>Its object is gone; messages still queued for it are completed without delivery.</summary>
    Draining,

    /// <summary>
    /// Its object is there, but where its events go is not known: the table was lost, and the object does not resolve
    /// now. Messages wait. Only <see cref="Egress.Uid"/>, kind and name count.
    /// </summary>
    Unresolved,
}
