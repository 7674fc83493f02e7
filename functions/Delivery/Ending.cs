// How a message ended here: what it is called in metrics and traces, and how it is settled.
namespace ServerlessEventing.Functions.Delivery;

/// <summary>One for each message taken from the bus; a new kind of end is a new line here.</summary>
internal readonly record struct Ending(string Word, string? Reason = null)
{
    /// <summary>The subscriber has it, and its reply is where it belongs.</summary>
    public static readonly Ending Delivered = new("delivered");

    /// <summary>The dead-letter sink has it.</summary>
    public static readonly Ending Sunk = new("dead-letter-sink");

    /// <summary>Waits on the retries queue for its next try.</summary>
    public static readonly Ending Retried = new("retried");

    /// <summary>Waits on the retries queue because its subscriber has no room.</summary>
    public static readonly Ending Moved = new("moved");

    /// <summary>Waits on the retries queue because its egress is not in the table yet.</summary>
    public static readonly Ending Early = new("early");

    /// <summary>The bus took no next step, so the message comes again.</summary>
    public static readonly Ending Abandoned = new("abandoned");

    public Settlement Settlement => this == Abandoned ? Settlement.Abandon : Settlement.Complete;

    /// <summary>Nobody is owed it any more.</summary>
    public static Ending Discarded(string reason) => new("discarded", reason);

    /// <summary>Among the dead letters; <paramref name="reason"/> is one of <see cref="DeadLetterReason"/>.</summary>
    public static Ending DeadLettered(string reason) => new("dead-lettered", reason);
}
