// An address that takes CloudEvents in, and the topic they go to.
namespace ServerlessEventing.Contract.Routing;

/// <summary>An address of a Broker or a Channel and the Service Bus topic behind it.</summary>
public sealed record Ingress
{
    /// <summary>UID of the Broker or Channel.</summary>
    public required string Uid { get; init; }

    /// <summary>A Broker keeps a TTL on its events, a Channel does not.</summary>
    public required IngressKind Kind { get; init; }

    /// <summary>Namespace of the Broker or Channel.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the Broker or Channel.</summary>
    public required string Name { get; init; }

    /// <summary>Path that addresses it on any host, with a leading and no trailing slash: <c>/ns/broker</c>.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// Host names whose root path addresses it, lower-case, without port and cluster domain:
    /// <c>default-broker.ns.svc</c>. A request's host matches with or without the cluster domain.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init => field = value ?? []; } = [];

    /// <summary>Service Bus topic the events are published to.</summary>
    public required string Topic { get; init; }

    /// <summary>
    /// Whether the topic drops an event whose <c>source</c> and <c>id</c> it saw before, within its window. The
    /// MessageId is then made of the two; otherwise of nothing but the event's own <c>eventing_id</c>.
    /// </summary>
    public bool DropsDuplicates { get; init; }

    /// <summary>Lanes that the topic's events can reach; when one is under pressure, the ingress answers 429.</summary>
    public IReadOnlyList<string> Lanes { get; init => field = value ?? []; } = [];
}

/// <summary>What an <see cref="Ingress"/> stands for.</summary>
public enum IngressKind
{
    /// <summary>A Broker: TTL and arrival time are kept on its events.</summary>
    Broker,

    /// <summary>A Channel: events pass as they came.</summary>
    Channel,
}
