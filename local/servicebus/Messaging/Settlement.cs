// What a receiver decided about a message it holds.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>The four ways to settle.</summary>
internal enum SettlementKind
{
    Complete,
    Abandon,
    Defer,
    DeadLetter,
}

/// <summary>A settlement with what comes along with it.</summary>
internal sealed record Settlement(SettlementKind Kind)
{
    public static readonly Settlement Complete = new(SettlementKind.Complete);
    public static readonly Settlement Abandon = new(SettlementKind.Abandon);
    public static readonly Settlement Defer = new(SettlementKind.Defer);

    public string? DeadLetterReason { get; init; }

    public string? DeadLetterDescription { get; init; }

    /// <summary>User properties to change on the message.</summary>
    public IReadOnlyDictionary<string, object?>? Properties { get; init; }
}
