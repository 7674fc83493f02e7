// A message taken from a lane, the same whichever door it came through.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;

namespace ServerlessEventing.Functions.Delivery;

internal sealed class InboundMessage
{
    /// <summary>The queue it was received from; with <see cref="Dedicated"/>, the bus subscription.</summary>
    public required string Lane { get; init; }

    /// <summary>Set when it came from its egress's own bus subscription: nobody else's waits behind it.</summary>
    public required DedicatedDispatch? Dedicated { get; init; }

    /// <summary>Whether those behind it in its session wait until it is settled.</summary>
    public bool InOrder => Dedicated is { Ordered: true };

    public required long SequenceNumber { get; init; }

    /// <summary>How often the bus has handed it out, this time included.</summary>
    public required int DeliveryCount { get; init; }

    public required DeliveryState State { get; init; }

    /// <summary>The event; null when <see cref="Fault"/> says why the message is none.</summary>
    public required CloudEvent? Event { get; init; }

    public required EventFault? Fault { get; init; }

    /// <summary>What is needed to pass on a message that is no event: its properties and body as they came.</summary>
    public required ForeignMessage? Foreign { get; init; }

    /// <summary>Properties that are neither the event's nor ours; they travel along.</summary>
    public required IReadOnlyList<KeyValuePair<string, object>> Others { get; init; }

    /// <summary>Whether it was sent again from the dead letters.</summary>
    public bool IsReplayed
    {
        get
        {
            foreach (var (name, _) in Others)
            {
                if (name == MessageProperties.Replayed)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>A message that is no CloudEvent.</summary>
internal sealed record ForeignMessage(
    ReadOnlyMemory<byte> Body, string? ContentType, IReadOnlyList<EventAttribute> Attributes);
