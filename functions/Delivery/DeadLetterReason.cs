// Why a message ends in the dead letters: the words in eventing_reason.
namespace ServerlessEventing.Functions.Delivery;

internal static class DeadLetterReason
{
    /// <summary>Handed out too often without ever being settled.</summary>
    public const string Poison = "Poison";

    /// <summary>Not a CloudEvent.</summary>
    public const string NotAnEvent = "NotACloudEvent";

    /// <summary>Bears no egress.</summary>
    public const string NoEgress = "NoEgress";

    /// <summary>Sent again from the dead letters, and the egress is no more.</summary>
    public const string EgressGone = "EgressGone";

    /// <summary>The egress's filter cannot be used.</summary>
    public const string InvalidFilter = "InvalidFilter";

    /// <summary>The subscriber failed for good, and there is no dead-letter sink.</summary>
    public const string DeliveryFailed = "DeliveryFailed";

    /// <summary>The subscriber failed for good, and so did the dead-letter sink.</summary>
    public const string DeadLetterSinkFailed = "DeadLetterSinkFailed";
}
