// $management operations on messages.
using Amqp;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Lock renewal, settlement by token, peeking, deferred and scheduled messages of one mailbox.</summary>
internal sealed class MessageRequests(Broker broker, EntityNode node, Mailbox mailbox)
{
    private const int MaxPeek = 256;
    private const int MaxPeekBytes = 4 * 1024 * 1024;

    private long Now => broker.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Operations that take the right to send; all others take the right to listen.</summary>
    public static bool IsForSenders(string operation) =>
        operation is "com.microsoft:schedule-message" or "com.microsoft:cancel-scheduled-message";

    /// <summary>False when the operation is not one of these.</summary>
    public bool TryHandle(string operation, RequestBody body, Action<RequestAnswer> answer)
    {
        switch (operation)
        {
            case "com.microsoft:renew-lock":
                answer(RenewLocks(body));
                return true;
            case "com.microsoft:update-disposition":
                UpdateDisposition(body, answer);
                return true;
            case "com.microsoft:peek-message":
                answer(Forwarding() ?? Peek(body));
                return true;
            case "com.microsoft:receive-by-sequence-number":
                ReceiveByNumber(body, answer);
                return true;
            case "com.microsoft:schedule-message":
                Schedule(body, answer);
                return true;
            case "com.microsoft:cancel-scheduled-message":
                Cancel(body, answer);
                return true;
            default:
                return false;
        }
    }

    private RequestAnswer? Forwarding() => mailbox.IsDeadLetters || node.ForwardTo is null
        ? null
        : RequestAnswer.From(BrokerError.NotAllowed(
            $"The operation is not allowed on '{node.Path}': it forwards its messages to '{node.ForwardTo}'."));

    private RequestAnswer RenewLocks(RequestBody body)
    {
        var expirations = new List<DateTime>();
        foreach (var token in body.Uuids("lock-tokens"))
        {
            if (mailbox.Renew(token, Now) is not { } until)
            {
                return RequestAnswer.From(BrokerError.LockLost);
            }

            expirations.Add(DateTimeOffset.FromUnixTimeMilliseconds(until).UtcDateTime);
        }

        return RequestAnswer.Ok(new Map { ["expirations"] = expirations.ToArray() });
    }

    private void UpdateDisposition(RequestBody body, Action<RequestAnswer> answer)
    {
        var settlement = ReadSettlement(body);
        var tokens = body.Uuids("lock-tokens");
        var left = tokens.Count;
        BrokerError? first = null;
        foreach (var token in tokens)
        {
            broker.Settler.Settle(mailbox, token, settlement, error =>
            {
                Interlocked.CompareExchange(ref first, error, null);
                if (Interlocked.Decrement(ref left) == 0)
                {
                    answer(first is null ? RequestAnswer.Ok() : RequestAnswer.From(first));
                }
            });
        }
    }

    private static Settlement ReadSettlement(RequestBody body)
    {
        var properties = OutcomeFields.Plain(body.Map("properties-to-modify"));
        return body.Text("disposition-status") switch
        {
            "completed" => Settlement.Complete,
            "abandoned" => Settlement.Abandon with { Properties = properties },
            "defered" or "deferred" => Settlement.Defer with { Properties = properties },
            "suspended" => new Settlement(SettlementKind.DeadLetter)
            {
                DeadLetterReason = body["deadletter-reason"] as string,
                DeadLetterDescription = body["deadletter-description"] as string,
                Properties = properties,
            },
            var other => throw new RequestFormatException(
                $"'disposition-status' is completed, abandoned, defered or suspended, not '{other}'."),
        };
    }

    private RequestAnswer Peek(RequestBody body)
    {
        var from = body.Number("from-sequence-number");
        var count = (int)Math.Clamp(body.Number("message-count"), 1, MaxPeek);
        var omitBody = body.Flag("omit-message-body");
        var messages = new List();
        var bytes = 0;
        foreach (var (entry, facts, overlay) in mailbox.Peek(from, count, Now, body["session-id"] as string))
        {
            if (bytes > MaxPeekBytes || broker.Bodies.Read(entry.Body) is not { } stored)
            {
                break;
            }

            if (TryEncode(stored, overlay, facts, omitBody) is { } encoded)
            {
                bytes += encoded.Length;
                messages.Add(new Map { ["message"] = encoded });
            }
        }

        return messages.Count == 0
            ? new RequestAnswer(204, "No messages", "com.microsoft:message-not-found", null)
            : RequestAnswer.Ok(new Map { ["messages"] = messages });
    }

    private static byte[]? TryEncode(byte[] stored, byte[]? overlay, DeliveryFacts facts, bool omitBody)
    {
        try
        {
            var content = WireMessage.Parse(stored);
            return ToArray(MessageEncoder.Encode(
                omitBody ? content.WithoutBody() : content, MessageOverlay.Decode(overlay), facts));
        }
        catch (WireFormatException)
        {
            // Parked when a receiver's turn comes; it does not hide the others.
            return null;
        }
    }

    private void ReceiveByNumber(RequestBody body, Action<RequestAnswer> answer)
    {
        var numbers = body.Numbers("sequence-numbers");
        var delete = body.Number("receiver-settle-mode", otherwise: 1) == 0;
        if (mailbox.Settings.RequiresSession
            && !(body["session-id"] is string session && mailbox.Sessions.IsHeld(session, Now)))
        {
            answer(RequestAnswer.From(BrokerError.SessionLockLost));
            return;
        }

        if (mailbox.TakeDeferred(numbers, Now) is not { } deliveries)
        {
            answer(RequestAnswer.From(BrokerError.MessageNotFound(
                "One of the sequence numbers is not that of a deferred message.")));
            return;
        }

        var messages = new List();
        foreach (var delivery in deliveries)
        {
            if (broker.Bodies.Read(delivery.Entry.Body) is { } stored)
            {
                var encoded = MessageEncoder.Encode(
                    WireMessage.Parse(stored), MessageOverlay.Decode(delivery.Overlay), delivery.Facts);
                messages.Add(new Map { ["lock-token"] = delivery.LockToken, ["message"] = ToArray(encoded) });
            }
        }

        var found = RequestAnswer.Ok(new Map { ["messages"] = messages });
        if (!delete)
        {
            answer(found);
            return;
        }

        var left = deliveries.Count;
        foreach (var delivery in deliveries)
        {
            broker.Settler.Settle(mailbox, delivery.LockToken, Settlement.Complete, error =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    answer(error is null ? found : RequestAnswer.From(error));
                }
            });
        }
    }

    private void Schedule(RequestBody body, Action<RequestAnswer> answer)
    {
        if (Forwarding() is { } refused)
        {
            answer(refused);
            return;
        }

        var messages = body.Maps("messages").ConvertAll(map => map.TryGetValue("message", out var bytes)
            ? bytes as byte[] ?? throw new RequestFormatException("'message' is binary.")
            : throw new RequestFormatException("Each of 'messages' has a 'message'."));
        broker.Publisher.Publish(node, messages, wantSequences: true, result => answer(
            result.Error is { } error
                ? RequestAnswer.From(error)
                : RequestAnswer.Ok(new Map { ["sequence-numbers"] = result.Sequences.ToArray() })));
    }

    private void Cancel(RequestBody body, Action<RequestAnswer> answer)
    {
        var numbers = body.Numbers("sequence-numbers");
        var entries = numbers.Select(mailbox.TakeScheduled).ToList();
        if (entries.Contains(null))
        {
            entries.OfType<MessageEntry>().ToList().ForEach(mailbox.Return);
            answer(RequestAnswer.From(BrokerError.MessageNotFound(
                "One of the sequence numbers is not that of a scheduled message.")));
            return;
        }

        var left = entries.Count;
        foreach (var entry in entries)
        {
            broker.Settler.Remove(mailbox, entry!, removed =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    answer(removed ? RequestAnswer.Ok() : RequestAnswer.From(BrokerError.Busy));
                }
            });
        }
    }

    private static byte[] ToArray(ByteBuffer buffer) => buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
}
