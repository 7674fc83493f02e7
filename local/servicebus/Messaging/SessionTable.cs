// The sessions of a mailbox that requires them: who holds which, who waits for one.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// <code>
///   receiver ─► 1 Request(id, or null for any) ─► 2 Answer: granted │ held by another │ none came in time
///               3 messages of that session only, in order           4 Release: link closed, or lock expired
/// </code>
/// Guarded by its mailbox, whose gate the members for <c>$management</c> take themselves.
/// A session without messages and owner is forgotten; its state is on disk.
/// </summary>
internal sealed class SessionTable(Lock gate)
{
    private readonly Dictionary<string, MessageSession> _sessions = [];
    private readonly Queue<MessageSession> _free = new();
    private readonly List<MessageSession> _held = [];
    private readonly List<SessionRequest> _requests = [];

    public MessageSession Arrived(MessageEntry entry)
    {
        var session = Of(entry.SessionId!);
        session.Messages++;
        return session;
    }

    public void Ready(MessageEntry entry, bool returned)
    {
        var session = Of(entry.SessionId!);
        if (returned)
        {
            session.Ready.Return(entry);
        }
        else
        {
            session.Ready.Add(entry);
        }

        Offer(session);
    }

    public void Left(MessageEntry entry)
    {
        if (_sessions.TryGetValue(entry.SessionId!, out var session))
        {
            session.Messages--;
            ForgetIfUnused(session);
        }
    }

    public void Request(Receiver receiver, string? id, long deadline) =>
        _requests.Add(new SessionRequest(receiver, id, deadline));

    public void Withdraw(Receiver receiver) => _requests.RemoveAll(request => request.Receiver == receiver);

    public IEnumerable<Receiver> Waiting => _requests.Select(request => request.Receiver);

    /// <summary>Answers that can be given now; a granted session is the receiver's from here on.</summary>
    public List<(Receiver Receiver, BrokerError? Error)> Answer(long now, long lockedUntil)
    {
        var answers = new List<(Receiver, BrokerError?)>();
        foreach (var request in _requests)
        {
            var session = request.Id is { } id ? Of(id) : NextFree();
            if (session is { Owner: null })
            {
                session.Owner = request.Receiver;
                session.LockedUntil = lockedUntil;
                request.Receiver.Session = session;
                _held.Add(session);
                answers.Add((request.Receiver, null));
            }
            else if (session is not null)
            {
                answers.Add((request.Receiver, BrokerError.SessionHeld(session.Id)));
            }
            else if (request.Deadline <= now)
            {
                answers.Add((request.Receiver, BrokerError.NoSession));
            }
        }

        _requests.RemoveAll(request => answers.Exists(answer => answer.Item1 == request.Receiver));
        return answers;
    }

    /// <summary>Something has to be done about the passing of time.</summary>
    public bool IsDue(long now) => _held.Exists(session => session.LockedUntil <= now)
        || _requests.Exists(request => request.Deadline <= now);

    public List<MessageSession> Expired(long now) => _held.FindAll(session => session.LockedUntil <= now);

    /// <summary>Whoever held it no longer does; what was locked must have been given back before.</summary>
    public void Release(MessageSession session)
    {
        if (session.Owner is { } owner)
        {
            owner.Session = null;
        }

        session.Owner = null;
        _held.Remove(session);
        Offer(session);
        ForgetIfUnused(session);
    }

    /// <summary>Null when nobody holds it now.</summary>
    public MessageSession? Held(string id, long now) =>
        _sessions.TryGetValue(id, out var session) && session.Owner is not null && session.LockedUntil > now
            ? session
            : null;

    public bool IsHeld(string id, long now)
    {
        lock (gate)
        {
            return Held(id, now) is not null;
        }
    }

    /// <summary>The new end of the session's lock; null when nobody holds it.</summary>
    public long? Renew(string id, long now, long until)
    {
        lock (gate)
        {
            if (Held(id, now) is not { } session)
            {
                return null;
            }

            session.LockedUntil = until;
            return until;
        }
    }

    /// <summary>Those that have messages, by name.</summary>
    public List<string> Ids(int skip, int top)
    {
        lock (gate)
        {
            return _sessions.Values
                .Where(session => session.Messages > 0)
                .Select(session => session.Id)
                .Order(StringComparer.Ordinal)
                .Skip(skip)
                .Take(top)
                .ToList();
        }
    }

    private MessageSession Of(string id)
    {
        if (!_sessions.TryGetValue(id, out var session))
        {
            session = new MessageSession(id);
            _sessions.Add(id, session);
        }

        return session;
    }

    private void Offer(MessageSession session)
    {
        if (session is { Owner: null, IsOffered: false } && !session.Ready.IsEmpty())
        {
            session.IsOffered = true;
            _free.Enqueue(session);
        }
    }

    private MessageSession? NextFree()
    {
        while (_free.TryDequeue(out var session))
        {
            session.IsOffered = false;
            if (session.Owner is null && !session.Ready.IsEmpty())
            {
                return session;
            }

            ForgetIfUnused(session);
        }

        return null;
    }

    private void ForgetIfUnused(MessageSession session)
    {
        if (session is { Owner: null, Messages: 0, IsOffered: false })
        {
            _sessions.Remove(session.Id);
        }
    }

    private sealed record SessionRequest(Receiver Receiver, string? Id, long Deadline);
}
