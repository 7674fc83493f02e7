// How a Trigger's events are dispatched: by the shared functions, or by a deployment of its own or of its Broker.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Dispatching;

/// <summary>Which deployment dispatches.</summary>
public enum DispatchLevel
{
    /// <summary>The functions everybody shares, by way of a lane.</summary>
    Shared,

    /// <summary>One deployment for all dedicated Triggers of the Broker.</summary>
    Broker,

    /// <summary>A deployment for this Trigger alone.</summary>
    Trigger,
}

/// <summary>What the annotations of a Trigger, its Broker and its namespace come to.</summary>
/// <remarks>
/// <code>
///   shared      bus subscription ──forward──► eventing-triggers ◄──► eventing-triggers-retries
///   dedicated   bus subscription ◄─read─ deployment ─retry─► {lane}-retries ◄─read─ deployment
///   ordered     the same with sessions, and a retry waits inside its session: no retries queue
/// </code>
/// The nearest annotation wins: Trigger, Broker, namespace.
/// </remarks>
public sealed record Dispatch(DispatchLevel Level, bool Ordered, string? Problem)
{
    public const string Annotation = "eventing.azure.dev/dispatch";
    public const string OrderAnnotation = "eventing.azure.dev/delivery-order";

    private const string Dedicated = "dedicated";
    private const string Shared = "shared";
    private const string InOrder = "ordered";
    private const string AnyOrder = "unordered";

    public bool IsDedicated => Level != DispatchLevel.Shared;

    public static Dispatch Of(Resource trigger, Resource? broker, Resource? @namespace)
    {
        var own = trigger.Annotation(Annotation);
        var order = trigger.Annotation(OrderAnnotation);
        var problem = NotOneOf(Annotation, own, Dedicated, Shared)
            ?? NotOneOf(OrderAnnotation, order, InOrder, AnyOrder);
        var ordered = order == InOrder;
        if (ordered && own == Shared)
        {
            problem ??= $"{OrderAnnotation}: {InOrder} needs a lane of its own: take {Annotation}: {Shared} away";
        }

        var level = own == Dedicated ? DispatchLevel.Trigger
            : own is null && OfBroker(broker, @namespace) ? DispatchLevel.Broker
            : ordered ? DispatchLevel.Trigger
            : DispatchLevel.Shared;
        return new Dispatch(level, ordered, problem);
    }

    /// <summary>Whether a Broker's Triggers are dispatched by a deployment of the Broker's.</summary>
    public static bool OfBroker(Resource? broker, Resource? @namespace) =>
        (broker?.Annotation(Annotation) ?? @namespace?.Annotation(Annotation)) == Dedicated;

    /// <summary>What is wrong with a Broker's own annotation, or null.</summary>
    public static string? ProblemOf(Resource broker) =>
        NotOneOf(Annotation, broker.Annotation(Annotation), Dedicated, Shared);

    /// <summary>The lane named in the Trigger's egress.</summary>
    public string LaneOf(Resource trigger) => IsDedicated
        ? EntityNames.DedicatedLane(trigger.Namespace, trigger.Name, trigger.Uid)
        : EntityNames.TriggersLane;

    /// <summary>What the Trigger's egress says of its dispatch; null when it is shared.</summary>
    public DedicatedDispatch? Of(Resource trigger, string broker, string topic) => IsDedicated
        ? new DedicatedDispatch
        {
            Group = GroupOf(trigger.Namespace, Level == DispatchLevel.Broker
                ? DispatchNames.OfBroker(broker)
                : DispatchNames.OfTrigger(trigger.Name)),
            Topic = topic,
            Subscription = EntityNames.DedicatedSubscription(trigger.Name, trigger.Uid),
            Ordered = Ordered,
        }
        : null;

    /// <summary>A deployment as the routing table names it.</summary>
    public static string GroupOf(string @namespace, string deployment) => $"{@namespace}/{deployment}";

    private static string? NotOneOf(string annotation, string? value, string one, string other) =>
        value is null || value == one || value == other
            ? null
            : $"Annotation {annotation} is '{value}'; it must be {one} or {other}";
}
