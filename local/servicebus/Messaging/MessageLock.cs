// A receiver's hold on one message.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Lasts for its own time, or as long as the session it was received in. Guarded by its mailbox.</summary>
internal sealed class MessageLock(MessageEntry entry, long until, MessageSession? session)
{
    private long _until = until;

    public MessageEntry Entry { get; } = entry;

    public MessageSession? Session { get; private set; } = session;

    public long Until => Session?.LockedUntil ?? _until;

    public void Renew(long until) => _until = until;

    /// <summary>The session's lock ran out: this one ended at the same moment, whoever gets the session next.</summary>
    public void Leave(MessageSession session)
    {
        if (Session == session)
        {
            (_until, Session) = (session.LockedUntil, null);
        }
    }
}
