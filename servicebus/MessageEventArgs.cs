// What the handlers of processors have in common: a message, and the ways to settle it.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>A message to be handled.</summary>
public abstract class MessageEventArgs : EventArgs
{
    private protected MessageEventArgs(
        ServiceBusReceivedMessage message, Settler settler, CancellationToken cancellationToken)
    {
        Message = message;
        Settler = settler;
        CancellationToken = cancellationToken;
    }

    /// <summary>The message.</summary>
    public ServiceBusReceivedMessage Message { get; }

    /// <summary>
    /// Cancelled when the processor is asked to stop, or the session is lost; handlers under way are waited for.
    /// </summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Whether the handler settled the message itself.</summary>
    internal bool IsSettled { get; private set; }

    private protected Settler Settler { get; }

    /// <summary>The message is done with; ends when the broker agrees, or says that the lock is lost.</summary>
    public Task CompleteMessageAsync(
        ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        SettleAsync(message, Settlement.Complete, cancellationToken);

    /// <summary>The message is to be delivered again, at once.</summary>
    public Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default) =>
        SettleAsync(
            message, new(SettlementKind.Abandon) { PropertiesToModify = propertiesToModify }, cancellationToken);

    /// <summary>The message is set aside; it is received again by its sequence number only.</summary>
    public Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default) =>
        SettleAsync(message, new(SettlementKind.Defer) { PropertiesToModify = propertiesToModify }, cancellationToken);

    /// <summary>The message goes to the DLQ.</summary>
    public Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default) =>
        SettleAsync(
            message, new(SettlementKind.DeadLetter) { PropertiesToModify = propertiesToModify }, cancellationToken);

    /// <summary>The message goes to the DLQ, with a reason.</summary>
    public Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        string deadLetterReason,
        string? deadLetterErrorDescription = null,
        CancellationToken cancellationToken = default) =>
        SettleAsync(
            message,
            new(SettlementKind.DeadLetter)
            {
                DeadLetterReason = deadLetterReason,
                DeadLetterErrorDescription = deadLetterErrorDescription,
            },
            cancellationToken);

    private async Task SettleAsync(
        ServiceBusReceivedMessage message, Settlement settlement, CancellationToken cancellationToken)
    {
        await Settler.SettleAsync(message, settlement, cancellationToken);
        IsSettled |= ReferenceEquals(message, Message);
    }
}
