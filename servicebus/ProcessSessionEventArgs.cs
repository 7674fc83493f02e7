// What the handlers for the beginning and the end of a session are given.
namespace ServerlessEventing.ServiceBus;

/// <summary>A session that was accepted, or is about to be given back.</summary>
public sealed class ProcessSessionEventArgs : EventArgs
{
    private readonly ServiceBusSessionReceiver receiver;

    internal ProcessSessionEventArgs(ServiceBusSessionReceiver receiver, CancellationToken cancellationToken)
    {
        this.receiver = receiver;
        CancellationToken = cancellationToken;
    }

    /// <summary>The session.</summary>
    public string SessionId => receiver.SessionId;

    /// <summary>When the session's lock runs out unless it is renewed.</summary>
    public DateTimeOffset SessionLockedUntil => receiver.SessionLockedUntil;

    /// <summary>Cancelled when the processor is asked to stop, or the session is lost.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>What receivers of this session keep with it; null when nothing was set.</summary>
    public Task<BinaryData?> GetSessionStateAsync(CancellationToken cancellationToken = default) =>
        receiver.GetSessionStateAsync(cancellationToken);

    /// <summary>Keeps something with the session, for whoever holds it next; null forgets it.</summary>
    public Task SetSessionStateAsync(BinaryData? sessionState, CancellationToken cancellationToken = default) =>
        receiver.SetSessionStateAsync(sessionState, cancellationToken);
}
