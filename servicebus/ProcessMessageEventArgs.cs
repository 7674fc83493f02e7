// What a message handler of a processor is given.
namespace ServerlessEventing.ServiceBus;

/// <summary>A message to be handled, and the processor it comes from.</summary>
public sealed class ProcessMessageEventArgs : MessageEventArgs
{
    private readonly ServiceBusProcessor processor;

    internal ProcessMessageEventArgs(
        ServiceBusReceivedMessage message,
        ServiceBusProcessor processor,
        Settler settler,
        CancellationToken cancellationToken)
        : base(message, settler, cancellationToken) => this.processor = processor;

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => processor.FullyQualifiedNamespace;

    /// <summary>The entity being read.</summary>
    public string EntityPath => processor.EntityPath;

    /// <summary>The processor's name.</summary>
    public string Identifier => processor.Identifier;

    /// <summary>Holds the message for another lock duration.</summary>
    public Task RenewMessageLockAsync(
        ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        Settler.RenewLockAsync(message, cancellationToken);
}
