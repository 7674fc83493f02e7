// Names of the application properties that carry an event and its delivery state on the bus.
namespace ServerlessEventing.Contract.Names;

/// <summary>
/// Application property names. A message carries its own state, so any instance can take the next step.
/// Attributes follow the CloudEvents AMQP binding with the <c>cloudEvents_</c> separator.
/// </summary>
public static class MessageProperties
{
    /// <summary>Prefix of each CloudEvents attribute; values are canonical strings.</summary>
    public const string AttributePrefix = "cloudEvents_";

    /// <summary>ULID set once at ingress; the same for every copy and every retry.</summary>
    public const string Id = "eventing_id";

    /// <summary>UID of the egress the copy is for; set by the rule's action, or by the sender of a retry.</summary>
    public const string Egress = "eventing_egress";

    /// <summary>Routing table generation (a long) from which on the egress is known.</summary>
    public const string Since = "eventing_since";

    /// <summary>Generation (a long) of the source that planned the tick.</summary>
    public const string SourceGeneration = "eventing_source_generation";

    /// <summary><c>deliver</c> (also when absent) or <c>dead-letter</c>.</summary>
    public const string Phase = "eventing_phase";

    /// <summary>Tries already made in this phase (an int); absent means 0.</summary>
    public const string Attempt = "eventing_attempt";

    /// <summary>How often it was sent away because its subscriber had no room (an int); absent means 0.</summary>
    public const string Moves = "eventing_moves";

    /// <summary>RFC 3339 time after which the event is not delivered any more.</summary>
    public const string Expires = "eventing_expires";

    /// <summary>Address that failed last.</summary>
    public const string ErrorDestination = "eventing_error_destination";

    /// <summary>HTTP status of the last failure (an int); 500 when there was no answer.</summary>
    public const string ErrorCode = "eventing_error_code";

    /// <summary>Base64 of the start of the last failed answer.</summary>
    public const string ErrorData = "eventing_error_data";

    /// <summary>Why a message is in the dead letters: a short CamelCase word.</summary>
    public const string DeadLetterReason = "eventing_reason";

    /// <summary>The same in a sentence, with what is needed to mend it.</summary>
    public const string DeadLetterDetail = "eventing_detail";

    /// <summary>The lane of a dead letter's egress.</summary>
    public const string Lane = "eventing_lane";

    /// <summary>Namespace and name of what a dead letter was for: <c>ns/name</c>.</summary>
    public const string EgressName = "eventing_egress_name";

    /// <summary><c>true</c> on a dead letter that was sent again: whoever did it expects to hear of it.</summary>
    public const string Replayed = "eventing_replayed";

    /// <summary>Prefix of each header of the producer's request that goes on to the subscribers.</summary>
    public const string HeaderPrefix = "eventing_header_";

    /// <summary>W3C trace context of the hop that published the message.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>The vendors' part of <see cref="TraceParent"/>.</summary>
    public const string TraceState = "tracestate";

    /// <summary>Value of <see cref="Phase"/>: going to the subscriber.</summary>
    public const string PhaseDeliver = "deliver";

    /// <summary>Value of <see cref="Phase"/>: going to the dead-letter sink.</summary>
    public const string PhaseDeadLetter = "dead-letter";
}
