// How one try to hand an event to a destination ended.
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Delivery;

internal sealed record DeliveryOutcome
{
    /// <summary>Taken, with nothing in return.</summary>
    public static readonly DeliveryOutcome Taken = new() { Kind = OutcomeKind.Delivered, Status = 202 };

    public required OutcomeKind Kind { get; init; }

    /// <summary>The HTTP status; 500 when there was no answer.</summary>
    public required int Status { get; init; }

    /// <summary>Base64 of the start of a failed answer, or of the words for why there was none.</summary>
    public string? ErrorData { get; init; }

    /// <summary>What the destination asked to wait, when it did.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether there was no answer before the timeout.</summary>
    public bool IsSilence { get; init; }

    /// <summary>The event in the answer, or null.</summary>
    public CloudEvent? Reply { get; init; }
}

/// <summary>What an outcome means for the next step.</summary>
internal enum OutcomeKind
{
    /// <summary>The destination has it.</summary>
    Delivered,

    /// <summary>Failed in a way that may pass.</summary>
    Retryable,

    /// <summary>Failed in a way that will not pass.</summary>
    Refused,

    /// <summary>The bus, not the destination, is in the way: nothing may be decided now.</summary>
    BusUnavailable,
}
