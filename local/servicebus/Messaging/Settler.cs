// Ends deliveries and waits: a receiver's settlement, an expired lock or message, a schedule that is due.
using ServerlessEventing.Local.ServiceBus.Store;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Each change: the mailbox gives the entry up as Busy, the journal writes, and only then the entry changes and the
/// answer leaves. When the write fails the entry goes back as it was.
/// </summary>
internal sealed class Settler(
    Router router, Journal journal, BodyReader bodies, BrokerCounters counters, Parking parking)
{
    /// <summary>
    /// Calls <paramref name="done"/> exactly once, with null when the settlement is on disk. In a transaction that is
    /// when it ends, but for what is refused at once; rolled back, the lock is as it was.
    /// </summary>
    public void Settle(
        Mailbox mailbox,
        Guid token,
        Settlement settlement,
        Action<BrokerError?> done,
        Transaction? transaction = null)
    {
        if (transaction?.RefusalOf(messages: 1) is { } refusal)
        {
            done(refusal);
            return;
        }

        if (mailbox.IsDeadLetters && settlement.Kind == SettlementKind.DeadLetter)
        {
            done(BrokerError.NotAllowed($"'{mailbox.Path}' holds dead letters; they cannot be dead-lettered again."));
            return;
        }

        if (mailbox.TakeLocked(token, router.Now, mayResume: transaction is not null) is not { } entry)
        {
            done(mailbox.Settings.RequiresSession ? BrokerError.SessionLockLost : BrokerError.LockLost);
            return;
        }

        void Told(bool committed) => done(committed ? null : BrokerError.Busy);
        switch (settlement.Kind)
        {
            case SettlementKind.Complete:
                Submit(new RemoveOperation(mailbox, entry, bodies, committed =>
                {
                    if (committed)
                    {
                        counters.Completed();
                    }

                    Told(committed);
                }), transaction);
                break;
            case SettlementKind.Abandon:
                CountDelivery(mailbox, entry, Changed(entry, settlement.Properties), Told, transaction);
                break;
            case SettlementKind.Defer:
                Submit(new AmendOperation(
                    mailbox, entry, EntryState.Deferred, entry.DeliveryCount,
                    Changed(entry, settlement.Properties), Told), transaction);
                break;
            default:
                Move(mailbox, entry, Changed(entry, settlement.Properties), Told, (view, into) => router.DeadLetter(
                    mailbox.Owner, view, settlement.DeadLetterReason ?? "DeadLetteredByReceiver",
                    settlement.DeadLetterDescription, into), transaction);
                break;
        }
    }

    /// <summary>Takes a received-and-deleted message away before it is handed over.</summary>
    public void Remove(Mailbox mailbox, MessageEntry entry, Action<bool> done) =>
        Submit(new RemoveOperation(mailbox, entry, bodies, done));

    /// <summary>A lock ran out: the delivery counts, and too many of them are the end.</summary>
    public void LockExpired(Mailbox mailbox, MessageEntry entry) =>
        CountDelivery(mailbox, entry, entry.Overlay, done: null);

    /// <summary>A message lived too long.</summary>
    public void Expired(Mailbox mailbox, MessageEntry entry)
    {
        var keeps = mailbox.Owner.Description switch
        {
            Entities.QueueDescription queue => queue.DeadLetteringOnMessageExpiration,
            Entities.SubscriptionDescription subscription => subscription.DeadLetteringOnMessageExpiration,
            _ => false,
        };
        if (keeps && !mailbox.IsDeadLetters)
        {
            Move(mailbox, entry, entry.Overlay, done: null, (view, into) => router.DeadLetter(
                mailbox.Owner, view, "TTLExpiredException", "The message expired and was dead lettered.", into));
        }
        else
        {
            Submit(new RemoveOperation(mailbox, entry, bodies, done: null));
        }
    }

    /// <summary>
    /// A scheduled message's time has come: it goes on as if it had just arrived, under a new number.
    /// </summary>
    public void Due(Mailbox mailbox, MessageEntry entry) =>
        Move(mailbox, entry, entry.Overlay, done: null, (view, into) => router.Pass(mailbox.Owner, view, into));

    private static byte[]? Changed(MessageEntry entry, IReadOnlyDictionary<string, object?>? properties)
    {
        if (properties is not { Count: > 0 })
        {
            return entry.Overlay;
        }

        var overlay = MessageOverlay.Decode(entry.Overlay);
        foreach (var (name, value) in properties)
        {
            overlay = overlay.WithUser(name, value);
        }

        return overlay.Encode();
    }

    private void CountDelivery(
        Mailbox mailbox, MessageEntry entry, byte[]? overlay, Action<bool>? done, Transaction? transaction = null)
    {
        var deliveries = entry.DeliveryCount + 1;
        var limit = mailbox.Settings.MaxDeliveryCount;
        if (limit > 0 && deliveries >= limit)
        {
            Move(mailbox, entry, overlay, done, (view, into) => router.DeadLetter(
                mailbox.Owner, view, "MaxDeliveryCountExceeded",
                $"Message could not be consumed after {limit} delivery attempts.", into), transaction);
            return;
        }

        Submit(new AmendOperation(mailbox, entry, entry.Home, deliveries, overlay, done), transaction);
    }

    private void Move(
        Mailbox mailbox, MessageEntry entry, byte[]? overlay, Action<bool>? done,
        Action<MessageView, RoutingResult> route, Transaction? transaction = null)
    {
        var routing = new RoutingResult(owner: transaction ?? new object());
        try
        {
            if (bodies.Read(entry.Body) is not { } content)
            {
                mailbox.ReturnSoon(entry);
                done?.Invoke(false);
                return;
            }

            route(MessageView.Of(entry, overlay, WireMessage.Parse(content)), routing);
        }
        catch (Exception problem)
        {
            routing.Withdraw();
            parking.Park(mailbox, entry, problem);
            done?.Invoke(false);
            return;
        }

        var move = new PlaceOperation(
            [new PlaceItem(routing) { From = mailbox, Moved = entry }], bodies,
            (_, committed) => done?.Invoke(committed));
        if (routing.Awaited is null)
        {
            Submit(move, transaction);
        }
        else
        {
            // It goes back to where it was and is moved again soon.
            move.Failed();
        }
    }

    private void Submit(StoreOperation operation, Transaction? transaction = null)
    {
        if (!(transaction?.TryAdd(operation) ?? journal.TrySubmit(operation)))
        {
            operation.Failed();
        }
    }
}
