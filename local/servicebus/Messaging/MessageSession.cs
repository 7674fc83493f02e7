// A session: the messages of one session id, and who may receive them for now.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Guarded by its mailbox.</summary>
internal sealed class MessageSession(string id)
{
    public string Id { get; } = id;

    public ReadyLine Ready { get; } = new();

    /// <summary>The receiver that holds the session; null when it is free.</summary>
    public Receiver? Owner { get; set; }

    public long LockedUntil { get; set; }

    /// <summary>Messages that are not scheduled, whatever else they are.</summary>
    public int Messages { get; set; }

    /// <summary>It waits among the free sessions for a receiver that takes any.</summary>
    public bool IsOffered { get; set; }
}
