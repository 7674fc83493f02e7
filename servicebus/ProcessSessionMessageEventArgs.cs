// What a message handler of a session processor is given.
namespace ServerlessEventing.ServiceBus;

/// <summary>A message to be handled, and the session it belongs to.</summary>
public sealed class ProcessSessionMessageEventArgs : MessageEventArgs
{
    private readonly ServiceBusSessionReceiver receiver;
    private readonly Action release;

    internal ProcessSessionMessageEventArgs(
        ServiceBusReceivedMessage message,
        ServiceBusSessionReceiver receiver,
        Action release,
        CancellationToken cancellationToken)
        : base(message, receiver.Settler, cancellationToken)
    {
        this.receiver = receiver;
        this.release = release;
    }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => receiver.FullyQualifiedNamespace;

    /// <summary>The entity being read.</summary>
    public string EntityPath => receiver.EntityPath;

    /// <summary>The processor's name.</summary>
    public string Identifier => receiver.Identifier;

    /// <summary>The session.</summary>
    public string SessionId => receiver.SessionId;

    /// <summary>When the session's lock runs out unless it is renewed.</summary>
    public DateTimeOffset SessionLockedUntil => receiver.SessionLockedUntil;

    /// <summary>Holds the session for another lock duration, and with it this message.</summary>
    public Task RenewSessionLockAsync(CancellationToken cancellationToken = default) =>
        receiver.RenewSessionLockAsync(cancellationToken);

    /// <summary>What receivers of this session keep with it; null when nothing was set.</summary>
    public Task<BinaryData?> GetSessionStateAsync(CancellationToken cancellationToken = default) =>
        receiver.GetSessionStateAsync(cancellationToken);

    /// <summary>Keeps something with the session, for whoever holds it next; null forgets it.</summary>
    public Task SetSessionStateAsync(BinaryData? sessionState, CancellationToken cancellationToken = default) =>
        receiver.SetSessionStateAsync(sessionState, cancellationToken);

    /// <summary>The session is given back once the handlers under way have returned, although it has messages.</summary>
    public void ReleaseSession() => release();
}
