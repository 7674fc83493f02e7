// Asks a node ($cbs or $management) and gives each answer to the one who asked.
using System.Collections.Concurrent;
using System.Globalization;
using Amqp;
using Amqp.Framing;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>A pair of links to a request-response node, in a session of its own.</summary>
internal sealed class RequestLink
{
    private readonly string entityPath;
    private readonly string replyTo;
    private readonly TimeProvider timeProvider;
    private readonly TimeSpan timeout;
    private readonly SemaphoreSlim room = new(Limits.RequestsInFlight);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> waiting = new(StringComparer.Ordinal);
    private SenderLink sender = null!;
    private ReceiverLink receiver = null!;
    private long lastId;

    private RequestLink(string node, TimeSpan timeout, TimeProvider timeProvider)
    {
        entityPath = node;
        replyTo = $"{node.Replace('/', '-')}-{Guid.NewGuid():N}";
        this.timeout = timeout;
        this.timeProvider = timeProvider;
    }

    public bool IsOpen => !sender.IsClosed && !receiver.IsClosed && !sender.Session.IsClosed;

    public static async Task<RequestLink> OpenAsync(
        Connection connection,
        string node,
        TimeSpan timeout,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        var link = new RequestLink(node, timeout, timeProvider);
        var session = new Session(connection);
        var (sender, _) = await Links.OpenAsync(
            onAttached => new SenderLink(session, $"{link.replyTo}-request", link.Attach(sending: true), onAttached),
            sending: true,
            node,
            timeout,
            timeProvider,
            cancellationToken);
        var (receiver, _) = await Links.OpenAsync(
            onAttached => new ReceiverLink(session, link.replyTo, link.Attach(sending: false), onAttached),
            sending: false,
            node,
            timeout,
            timeProvider,
            cancellationToken);
        link.sender = sender;
        link.receiver = receiver;
        receiver.Start(Limits.RequestsInFlight, link.OnAnswer);
        sender.AddClosedCallback(link.OnClosed);
        receiver.AddClosedCallback(link.OnClosed);
        return link;
    }

    /// <summary>Sends a request and waits for the answer that bears its id.</summary>
    public async Task<Message> AskAsync(Message request, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        var id = Interlocked.Increment(ref lastId).ToString(CultureInfo.InvariantCulture);
        try
        {
            var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting[id] = answer;
            request.Properties = new() { MessageId = id, ReplyTo = replyTo };
            sender.Send(request, null, (_, _, outcome, _) => OnOutcome(answer, outcome), null);
            if (!IsOpen)
            {
                OnClosed(sender, sender.Error ?? receiver.Error);
            }

            return await answer.Task.WaitAsync(timeout, timeProvider, cancellationToken);
        }
        finally
        {
            waiting.TryRemove(id, out _);
            room.Release();
        }
    }

    public Task CloseAsync() => Links.CloseAsync(sender.Session);

    private Attach Attach(bool sending) => new()
    {
        Source = new Source { Address = sending ? replyTo : entityPath },
        Target = new Target { Address = sending ? entityPath : replyTo },
        SndSettleMode = sending ? SenderSettleMode.Unsettled : SenderSettleMode.Settled,
        RcvSettleMode = ReceiverSettleMode.First,
    };

    private void OnAnswer(IReceiverLink link, Message answer)
    {
        link.Accept(answer);
        var id = answer.Properties?.GetCorrelationId()?.ToString();
        if (id is not null && waiting.TryGetValue(id, out var asker))
        {
            asker.TrySetResult(answer);
        }
    }

    private void OnOutcome(TaskCompletionSource<Message> asker, Outcome? outcome)
    {
        if (outcome is not Accepted)
        {
            asker.TrySetException(AmqpErrors.ToException((outcome as Rejected)?.Error, entityPath));
        }
    }

    private void OnClosed(IAmqpObject link, Error? error)
    {
        var failure = AmqpErrors.ToException(error, entityPath);
        foreach (var asker in waiting.Values)
        {
            asker.TrySetException(failure);
        }

        _ = CloseAsync();
    }
}
