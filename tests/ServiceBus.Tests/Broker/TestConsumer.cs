// The broker's end of one receiver link.
using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace ServerlessEventing.ServiceBus.Tests.Broker;

/// <summary>Sends a queue's messages while there is credit, and hands dispositions to the queue.</summary>
internal sealed class TestConsumer(TestQueue queue) : LinkEndpoint
{
    private int credit;
    private ListenerLink? link;

    /// <summary>The delivery tag for the message that this thread is sending.</summary>
    [field: ThreadStatic]
    public static byte[]? NextTag { get; private set; }

    public bool IsGone { get; set; }

    public override void OnFlow(FlowContext flowContext)
    {
        link = flowContext.Link;
        lock (queue.Gate)
        {
            credit += Math.Max(0, flowContext.Messages);

            // The library zeroes its credit on a flow that brings none.
            LinkCredit(link) = (uint)credit;
            queue.Add(this);
        }

        queue.Pump();
        lock (queue.Gate)
        {
            if (link.IsDraining)
            {
                credit = 0;
                link.CompleteDrain();
            }
        }
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
        var message = dispositionContext.Message;
        if (dispositionContext.Link.IsClosed)
        {
            // The library's own "released" for each unsettled delivery of a closing link: locks outlive links.
            return;
        }

        if (dispositionContext.Settled)
        {
            queue.Settle(message, dispositionContext.DeliveryState);
            return;
        }

        var answer = queue.Settle(message, dispositionContext.DeliveryState)
            ? dispositionContext.DeliveryState is Rejected ? new Rejected() : dispositionContext.DeliveryState
            : new Rejected { Error = new Error("com.microsoft:message-lock-lost") { Description = "Lost." } };
        dispositionContext.Link.DisposeMessage(message, answer, true);
    }

    public override void OnLinkClosed(ListenerLink closed, Error error)
    {
        lock (queue.Gate)
        {
            queue.Remove(this);
        }
    }

    /// <summary>Sends one message; called under the queue's gate.</summary>
    public bool TrySend(Message message, Guid lockToken)
    {
        if (credit == 0 || link is null or { IsClosed: true })
        {
            return false;
        }

        NextTag = lockToken.ToByteArray();
        try
        {
            link.SendMessage(message);
            credit--;
            return true;
        }
        catch (AmqpException)
        {
            return false;
        }
        finally
        {
            NextTag = null;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "credit")]
    private static extern ref uint LinkCredit(ListenerLink link);
}
