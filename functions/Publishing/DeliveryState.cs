// What a message on the bus says about itself: whose it is, how far its delivery got, what failed last.
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Functions.Publishing;

/// <summary>The <c>eventing_</c> properties of a message; see design, "A message carries its own state".</summary>
internal sealed record DeliveryState
{
    /// <summary>ULID of the event's way through us.</summary>
    public string? Id { get; init; }

    /// <summary>The egress the copy is for.</summary>
    public string? Egress { get; init; }

    /// <summary>Routing table generation from which on the egress is known.</summary>
    public long Since { get; init; }

    /// <summary>Whether it goes to the subscriber or to the dead-letter sink.</summary>
    public DeliveryPhase Phase { get; init; }

    /// <summary>Tries already made in this phase.</summary>
    public int Attempt { get; init; }

    /// <summary>How often it was sent away since the last try, because its subscriber had no room.</summary>
    public int Moves { get; init; }

    /// <summary>RFC 3339 time after which it is not delivered any more.</summary>
    public string? Expires { get; init; }

    /// <summary>The last failure, or null.</summary>
    public DeliveryFailure? Failure { get; init; }
}

/// <summary>Where a delivery is going.</summary>
internal enum DeliveryPhase
{
    Deliver,
    DeadLetter,
}

/// <summary>A failed try, as Knative's three error extensions tell it.</summary>
internal sealed record DeliveryFailure(string Destination, int Code, string? Data);

/// <summary>How <see cref="DeliveryPhase"/> is written on the bus.</summary>
internal static class DeliveryPhases
{
    public static string Text(this DeliveryPhase phase) =>
        phase == DeliveryPhase.DeadLetter ? MessageProperties.PhaseDeadLetter : MessageProperties.PhaseDeliver;

    public static DeliveryPhase Parse(string text) =>
        text == MessageProperties.PhaseDeadLetter ? DeliveryPhase.DeadLetter : DeliveryPhase.Deliver;
}
