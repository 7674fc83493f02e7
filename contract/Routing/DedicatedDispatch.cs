// An egress that shares no lane: a deployment of its own reads its bus subscription.
namespace ServerlessEventing.Contract.Routing;

/// <summary>
/// Where the deployment of a dedicated egress receives: straight from the bus subscription, and, unless ordered, from
/// the retries queue <c>{lane}-retries</c>, which here forwards to nothing.
/// </summary>
public sealed record DedicatedDispatch
{
    /// <summary>
    /// The deployment that serves it, <c>namespace/name</c>: it is started with this text as
    /// <c>EVENTING_DISPATCH_GROUP</c>, and takes exactly the egresses that bear it.
    /// </summary>
    public required string Group { get; init; }

    /// <summary>Topic of its bus subscription.</summary>
    public required string Topic { get; init; }

    /// <summary>
    /// Name of its bus subscription, whose rule has no action; the egress is known by where a message came from.
    /// </summary>
    public required string Subscription { get; init; }

    /// <summary>
    /// One event at a time per session, in order; a retry waits inside the session and holds up those behind it.
    /// </summary>
    public bool Ordered { get; init; }
}
