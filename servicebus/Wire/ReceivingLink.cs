// Receives from one entity: credit out, messages in, dispositions out, the broker's answers in.
using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>
/// A receiver link in a session of its own.
/// <code>
///  1 Grant(n)      flow: n more                     2 onMessage            transfer, on the connection's read loop
///  3 SettleAsync   disposition, unsettled           4 Delivery.OnAnswer    disposition, settled: done, or lock lost
/// </code>
/// Credit is handed out by hand: the library's automatic mode counts a message as done only when it settles it itself.
/// </summary>
internal sealed class ReceivingLink
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(2);

    private readonly string entityPath;
    private readonly TimeProvider timeProvider;
    private readonly TimeSpan timeout;
    private readonly Action<ServiceBusReceivedMessage> onMessage;
    private readonly ConcurrentDictionary<IDelivery, Delivery> settling = new(ReferenceEqualityComparer.Instance);
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReceiverLink link = null!;

    private ReceivingLink(string entityPath, Endpoint endpoint, Action<ServiceBusReceivedMessage> onMessage)
    {
        this.entityPath = entityPath;
        timeProvider = endpoint.TimeProvider;
        timeout = endpoint.Timeout;
        this.onMessage = onMessage;
    }

    public bool IsOpen => !link.IsClosed && !link.Session.IsClosed;

    /// <summary>The session that the link holds; null on entities without sessions.</summary>
    public SessionHold? Session { get; private set; }

    public string Name => link.Name;

    /// <summary>Ends, without an exception, when the link does.</summary>
    public Task Closed => closed.Task;

    /// <summary>Why the link ended.</summary>
    public Exception Failure => AmqpErrors.ToException(link.Error, entityPath);

    public static async Task<ReceivingLink> OpenAsync(
        LiveConnection connection,
        string entityPath,
        ServiceBusReceiveMode mode,
        string identifier,
        SessionRequest? session,
        Action<ServiceBusReceivedMessage> onMessage,
        CancellationToken cancellationToken)
    {
        var endpoint = connection.Endpoint;
        await connection.AuthorizeAsync(entityPath, cancellationToken);
        var receiving = new ReceivingLink(entityPath, endpoint, onMessage);
        var peekLock = mode == ServiceBusReceiveMode.PeekLock;
        var attach = new Attach
        {
            Source = session?.Source(entityPath) ?? new Source { Address = entityPath },
            Target = new Target { Address = identifier },
            SndSettleMode = peekLock ? SenderSettleMode.Unsettled : SenderSettleMode.Settled,
            RcvSettleMode = peekLock ? ReceiverSettleMode.Second : ReceiverSettleMode.First,
            Properties = new Fields
            {
                [new Symbol("com.microsoft:receiver-name")] = identifier,
                [new Symbol("com.microsoft:timeout")] = (uint)endpoint.Timeout.TotalMilliseconds,
            },
        };
        var channel = connection.CreateSession();
        (receiving.link, var answer) = await Links.OpenAsync(
            onAttached => new ReceiverLink(channel, $"{identifier}-{Guid.NewGuid():N}", attach, onAttached),
            sending: false,
            entityPath,
            session is null ? endpoint.Timeout : endpoint.Timeout + SessionRequest.Margin,
            endpoint.TimeProvider,
            cancellationToken);
        receiving.Session = session?.Read(answer, entityPath);

        // Zero starts the message callback without a flow frame.
        receiving.link.Start(0, receiving.OnMessage);
        connection.Register(receiving.link, receiving);
        receiving.link.AddClosedCallback((closed, _) =>
        {
            connection.Forget((Link)closed);
            receiving.OnClosed();
        });
        return receiving;
    }

    /// <summary>Lets the broker send <paramref name="count"/> more messages.</summary>
    public void Grant(int count)
    {
        try
        {
            link.SetCredit(count, CreditMode.Manual);
        }
        catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
        {
            // The link is going down; Closed tells.
        }
    }

    /// <summary>Takes unused credit back; what the broker had already sent arrives before this ends.</summary>
    /// <returns>False when the broker did not answer in time: more may still arrive.</returns>
    public async Task<bool> DrainAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!StartDrain())
        {
            return true;
        }

        var start = timeProvider.GetTimestamp();
        while (LiteInternals.CreditOf(link) > 0 && IsOpen)
        {
            if (timeProvider.GetElapsedTime(start) > patience)
            {
                return false;
            }

            // The library has no event for the answer to a drain.
            await Task.Delay(DrainPoll, timeProvider, cancellationToken);
        }

        return true;
    }

    private bool StartDrain()
    {
        try
        {
            var credit = LiteInternals.CreditOf(link);
            if (credit <= 0 || !IsOpen)
            {
                return false;
            }

            link.SetCredit(credit, CreditMode.Drain);
            return true;
        }
        catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Settles a delivery and waits until the broker agrees.</summary>
    public async Task SettleAsync(Delivery delivery, Outcome outcome, CancellationToken cancellationToken)
    {
        if (!delivery.TryBegin(out var answered) || delivery.Inner.Settled)
        {
            throw new ServiceBusException(
                "The message is settled already", ServiceBusFailureReason.MessageLockLost, entityPath);
        }

        settling[delivery.Inner] = delivery;
        try
        {
            LiteInternals.SendDisposition(link.Session, delivery.Inner, outcome, settled: false);
            if (!IsOpen)
            {
                delivery.OnLinkClosed(Failure);
            }

            var state = await answered.WaitAsync(timeout, timeProvider, cancellationToken);
            if (state is Rejected { Error: { } error } && error.Condition?.ToString() != AmqpErrors.DeadLetter)
            {
                throw AmqpErrors.ToException(error, entityPath);
            }
        }
        finally
        {
            settling.TryRemove(delivery.Inner, out _);
        }
    }

    /// <summary>The broker's answer to a disposition; runs on the connection's read loop.</summary>
    public void OnAnswer(IDelivery answered)
    {
        if (settling.TryGetValue(answered, out var delivery))
        {
            delivery.OnAnswer(answered.State);
        }
    }

    /// <summary>Gives a message back that nobody looked at.</summary>
    public void Release(Delivery delivery)
    {
        try
        {
            LiteInternals.SendDisposition(link.Session, delivery.Inner, new Released(), settled: true);
        }
        catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
        {
            // Its lock runs out by itself.
        }
    }

    public Task CloseAsync() => Links.CloseAsync(link.Session);

    private void OnMessage(IReceiverLink receiver, Message message) =>
        onMessage(MessageConverter.ToReceived(message, new Delivery(this, LiteInternals.DeliveryOf(message))));

    private void OnClosed()
    {
        foreach (var delivery in settling.Values)
        {
            delivery.OnLinkClosed(Failure);
        }

        closed.TrySetResult();
        _ = CloseAsync();
    }
}
