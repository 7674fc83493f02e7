// What a message handler of a processor is given: the message, and the ways to settle it.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>A message to be handled.</summary>
public sealed class ProcessMessageEventArgs : EventArgs
{
    private readonly ServiceBusProcessor processor;
    private readonly Settler settler;

    internal ProcessMessageEventArgs(
        ServiceBusReceivedMessage message,
        ServiceBusProcessor processor,
        Settler settler,
        CancellationToken cancellationToken)
    {
        Message = message;
        this.processor = processor;
        this.settler = settler;
        CancellationToken = cancellationToken;
    }

    /// <summary>The message.</summary>
    public ServiceBusReceivedMessage Message { get; }

    /// <summary>Cancelled when the processor is asked to stop; handlers under way are waited for.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => processor.FullyQualifiedNamespace;

    /// <summary>The entity being read.</summary>
    public string EntityPath => processor.EntityPath;

    /// <summary>The processor's name.</summary>
    public string Identifier => processor.Identifier;

    /// <summary>Whether the handler settled the message itself.</summary>
    internal bool IsSettled { get; private set; }

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

    /// <summary>Holds the message for another lock duration.</summary>
    public Task RenewMessageLockAsync(
        ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        settler.RenewLockAsync(message, cancellationToken);

    private async Task SettleAsync(
        ServiceBusReceivedMessage message, Settlement settlement, CancellationToken cancellationToken)
    {
        await settler.SettleAsync(message, settlement, cancellationToken);
        IsSettled |= ReferenceEquals(message, Message);
    }
}
