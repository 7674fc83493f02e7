// Publishes to one entity: many transfers under way at once, each ending with the broker's own answer.
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>
/// A sender link in a session of its own. The library queues transfers while the broker gives no credit and writes what
/// is queued in one go; nothing here waits between one transfer and the next.
/// </summary>
internal sealed class SendingLink
{
    private readonly string entityPath;
    private readonly LinkedList<PendingSend> pending = new();
    private SenderLink link = null!;

    private SendingLink(string entityPath) => this.entityPath = entityPath;

    public bool IsOpen => !link.IsClosed && !link.Session.IsClosed;

    /// <summary>The largest message the broker takes on this link.</summary>
    public long MaxMessageSize { get; private set; }

    /// <summary>The largest batch the broker takes on this link.</summary>
    public long MaxBatchSize { get; private set; }

    public static async Task<SendingLink> OpenAsync(
        LiveConnection connection, string entityPath, string identifier, CancellationToken cancellationToken)
    {
        var endpoint = connection.Endpoint;
        await connection.AuthorizeAsync(entityPath, cancellationToken);
        var attach = new Attach
        {
            Source = new Source { Address = identifier },
            Target = new Target { Address = entityPath },
            SndSettleMode = SenderSettleMode.Unsettled,
            RcvSettleMode = ReceiverSettleMode.First,
            Properties = new Fields
            {
                [new Symbol("com.microsoft:timeout")] = (uint)endpoint.Timeout.TotalMilliseconds,
            },
        };
        var session = connection.CreateSession();
        var sending = new SendingLink(entityPath);
        (sending.link, var answer) = await Links.OpenAsync(
            onAttached => new SenderLink(session, $"{identifier}-{Guid.NewGuid():N}", attach, onAttached),
            sending: true,
            entityPath,
            endpoint.Timeout,
            endpoint.TimeProvider,
            cancellationToken);
        sending.ReadLimits(answer);
        sending.link.AddClosedCallback(sending.OnClosed);
        return sending;
    }

    /// <summary>Sends; the task ends when the broker has accepted, or says why it did not.</summary>
    public Task SendAsync(Message message)
    {
        var send = new PendingSend(this);
        lock (pending)
        {
            pending.AddLast(send.Node);
        }

        try
        {
            link.Send(message, null, PendingSend.OnOutcome, send);
            if (!IsOpen)
            {
                // Closed between our look and the transfer: the callback may have run before this send was known to it.
                send.Fail(AmqpErrors.ToException(link.Error, entityPath));
            }
        }
        catch (Exception exception)
        {
            send.Fail(exception);
        }

        return send.Task;
    }

    /// <summary>Ends the link and with it all that is under way; used when the broker stopped answering.</summary>
    public Task CloseAsync() => Links.CloseAsync(link.Session);

    private void ReadLimits(Attach answer)
    {
        MaxMessageSize = answer.MaxMessageSize is > 0 and <= long.MaxValue
            ? (long)answer.MaxMessageSize
            : Limits.MaxBatchBytes;
        object? batch = null;
        answer.Properties?.TryGetValue(new Symbol("com.microsoft:max-message-batch-size"), out batch);
        MaxBatchSize = Math.Min(MaxMessageSize, batch switch
        {
            ulong size when size <= (ulong)Limits.MaxBatchBytes => (long)size,
            uint size => size,
            int and > 0 => (int)batch,
            long and > 0 => (long)batch,
            _ => Limits.MaxBatchBytes,
        });
    }

    private void OnClosed(IAmqpObject sender, Error? error)
    {
        PendingSend[] lost;
        lock (pending)
        {
            lost = [.. pending];
        }

        var failure = AmqpErrors.ToException(error ?? link.Error, entityPath);
        foreach (var send in lost)
        {
            send.Fail(failure);
        }

        _ = CloseAsync();
    }

    private sealed class PendingSend : TaskCompletionSource
    {
        public static readonly OutcomeCallback OnOutcome = static (_, _, outcome, state) =>
            ((PendingSend)state).Finish(outcome);

        private readonly SendingLink owner;

        public PendingSend(SendingLink owner)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            this.owner = owner;
            Node = new(this);
        }

        public LinkedListNode<PendingSend> Node { get; }

        public void Fail(Exception failure)
        {
            Forget();
            TrySetException(failure);
        }

        private void Finish(Outcome? outcome)
        {
            Forget();
            switch (outcome)
            {
                case Accepted:
                    TrySetResult();
                    break;
                case Rejected { Error: { } error }:
                    TrySetException(AmqpErrors.ToException(error, owner.entityPath));
                    break;
                case Rejected:
                    TrySetException(new ServiceBusException(
                        false, "The broker rejected the message", owner.entityPath));
                    break;
                default:
                    TrySetException(AmqpErrors.Lost("The broker did not take the message", owner.entityPath));
                    break;
            }
        }

        private void Forget()
        {
            lock (owner.pending)
            {
                if (Node.List is not null)
                {
                    owner.pending.Remove(Node);
                }
            }
        }
    }
}
