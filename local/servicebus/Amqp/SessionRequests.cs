// $management operations on sessions.
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The lock and state of a session that is held, and the list of those there are.</summary>
internal sealed class SessionRequests(Broker broker, Mailbox mailbox)
{
    private const int MaxPage = 100;
    private const int MaxStateBytes = 256 * 1024;

    private long Now => broker.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>False when the operation is not one of these.</summary>
    public bool TryHandle(string operation, RequestBody body, Action<RequestAnswer> answer)
    {
        switch (operation)
        {
            case "com.microsoft:renew-session-lock":
                answer(Renew(body.Text("session-id")) is { } until
                    ? RequestAnswer.Ok(new Map { ["expiration"] = Time(until) })
                    : RequestAnswer.From(BrokerError.SessionLockLost));
                return true;
            case "com.microsoft:get-session-state":
                answer(GetState(body.Text("session-id")));
                return true;
            case "com.microsoft:set-session-state":
                SetState(body.Text("session-id"), body["session-state"], answer);
                return true;
            case "com.microsoft:get-message-sessions":
                answer(List(body));
                return true;
            default:
                return false;
        }
    }

    private static DateTime Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;

    private long? Renew(string session)
    {
        var now = Now;
        return mailbox.Sessions.Renew(session, now, now + (long)mailbox.Settings.LockDuration.TotalMilliseconds);
    }

    private RequestAnswer GetState(string session) => mailbox.Sessions.IsHeld(session, Now)
        ? RequestAnswer.Ok(new Map { ["session-state"] = broker.SessionStates.Read(mailbox.Id, session) })
        : RequestAnswer.From(BrokerError.SessionLockLost);

    private void SetState(string session, object? value, Action<RequestAnswer> answer)
    {
        var state = value switch
        {
            null => null,
            byte[] bytes => bytes,
            _ => throw new RequestFormatException("'session-state' is binary or null."),
        };
        if (state?.Length > MaxStateBytes)
        {
            throw new RequestFormatException(
                $"The state of a session has at most {MaxStateBytes} bytes; this one has {state.Length}.");
        }

        if (!mailbox.Sessions.IsHeld(session, Now))
        {
            answer(RequestAnswer.From(BrokerError.SessionLockLost));
            return;
        }

        var now = Now;
        _ = AnswerAsync(
            broker.Journal.RunAsync(store => store.SaveSessionState(mailbox.Id, session, state, now)), answer);
    }

    private static async Task AnswerAsync(Task<bool> write, Action<RequestAnswer> answer) =>
        answer(await write ? RequestAnswer.Ok() : RequestAnswer.From(BrokerError.Busy));

    /// <summary>
    /// With a time, sessions whose state was set since; without (or with the end of time), those that have messages.
    /// </summary>
    private RequestAnswer List(RequestBody body)
    {
        var skip = (int)Math.Clamp(body.Number("skip", otherwise: 0), 0, int.MaxValue);
        var top = (int)Math.Clamp(body.Number("top", otherwise: MaxPage), 1, MaxPage);
        var sessions = body["last-updated-time"] is DateTime { Year: < 9000 } since
            ? broker.SessionStates.UpdatedAfter(
                mailbox.Id, new DateTimeOffset(since.ToUniversalTime()).ToUnixTimeMilliseconds(), skip, top)
            : mailbox.Sessions.Ids(skip, top);
        return sessions.Count == 0
            ? new RequestAnswer(204, "No sessions", "com.microsoft:message-not-found", null)
            : RequestAnswer.Ok(new Map { ["skip"] = skip + sessions.Count, ["sessions-ids"] = sessions.ToArray() });
    }
}
