// The dead letters: looked at without taking them, or taken one by one.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.DeadLetters;

/// <summary>
/// The queue <c>eventing-deadletters</c>. It can only be received from its head, so whoever wants some of it passes
/// over the rest:
/// <code>
///   1 peek: which are meant?
///   2 receive ─ meant ──────► act on it, then complete it
///             └ not meant ──► held until the pass is over, then given back in its place
/// </code>
/// </summary>
internal sealed class DeadLetterQueue(ServiceBusClient client, TimeProvider time)
{
    private const int PageSize = 100;

    /// <summary>How many may be held at once; whatever lies behind so many others is not reached.</summary>
    private const int MostHeld = 5000;

    /// <summary>Giving back counts as a delivery, and the bus takes 100 of them: it is renewed long before.</summary>
    private const int RenewFrom = 50;

    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(3);

    /// <summary>Those that are meant, oldest first, as they are.</summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekAsync(
        DeadLetterSelection selection, int limit, CancellationToken cancellationToken)
    {
        await using var receiver = client.CreateReceiver(EntityNames.DeadLetters);
        var found = new List<ServiceBusReceivedMessage>();
        var next = 0L;
        while (found.Count < limit)
        {
            var page = await receiver.PeekMessagesAsync(PageSize, next, cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            found.AddRange(page.Where(message => selection.Matches(DeadLetter.Of(message))));
            next = page[^1].SequenceNumber + 1;
        }

        return found.Count <= limit ? found : found[..limit];
    }

    /// <summary>Sends each back to the egress that failed, with all its tries before it.</summary>
    public Task<DeadLetterPass> ReplayAsync(
        DeadLetterSelection selection, int limit, CancellationToken cancellationToken) =>
        PassAsync(selection, limit, ReplayAsync, cancellationToken);

    /// <summary>Takes each away for good.</summary>
    public Task<DeadLetterPass> DiscardAsync(
        DeadLetterSelection selection, int limit, CancellationToken cancellationToken) =>
        PassAsync(selection, limit, (_, _, _) => Task.FromResult<string?>(null), cancellationToken);

    private async Task<DeadLetterPass> PassAsync(
        DeadLetterSelection selection,
        int limit,
        Func<DeadLetter, ServiceBusReceivedMessage, CancellationToken, Task<string?>> act,
        CancellationToken cancellationToken)
    {
        var meant = (await PeekAsync(selection, limit, cancellationToken)).Select(m => m.SequenceNumber).ToHashSet();
        var done = new List<DeadLetter>();
        var kept = new List<(DeadLetter Letter, string Why)>();
        var held = new List<ServiceBusReceivedMessage>();
        await using var receiver = client.CreateReceiver(EntityNames.DeadLetters);
        try
        {
            while (meant.Count > 0 && held.Count < MostHeld)
            {
                var messages = await receiver.ReceiveMessagesAsync(PageSize, LastWait, cancellationToken);
                if (messages.Count == 0)
                {
                    break;
                }

                // Held from now on, so that whatever stops the pass gives back what it has not completed.
                held.AddRange(messages);
                foreach (var message in messages.Where(message => meant.Remove(message.SequenceNumber)))
                {
                    var letter = DeadLetter.Of(message);
                    if (await act(letter, message, cancellationToken) is { } why)
                    {
                        kept.Add((letter, why));
                        continue;
                    }

                    await receiver.CompleteMessageAsync(message, cancellationToken);
                    held.Remove(message);
                    done.Add(letter);
                }
            }
        }
        finally
        {
            await GiveBackAsync(receiver, held);
        }

        return new(done, kept, meant.Count);
    }

    private async Task<string?> ReplayAsync(
        DeadLetter letter, ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        if (letter.Egress is null)
        {
            return "it says no egress, so there is nobody to send it to";
        }

        if (DateTimeOffset.TryParse(
                letter.Expires, System.Globalization.CultureInfo.InvariantCulture, out var expires)
            && expires <= time.GetUtcNow())
        {
            return $"it expired at {letter.Expires}";
        }

        // Any lane's function knows every egress; the egress's own keeps it apart from what must not share.
        var lane = letter.Lane ?? EntityNames.TriggersLane;
        await using var sender = client.CreateSender(lane);
        try
        {
            await sender.SendMessageAsync(Replayed(message), cancellationToken);
            return null;
        }
        catch (ServiceBusException e) when (e.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            return $"its lane {lane} is gone";
        }
    }

    // As it was when it came to the lane first: the same event, id and egress, and nothing of what failed.
    private static ServiceBusMessage Replayed(ServiceBusReceivedMessage message)
    {
        var replayed = new ServiceBusMessage(message)
        {
            MessageId = $"replay-{message.SequenceNumber}",
            TimeToLive = TimeSpan.MaxValue,
        };
        string[] ofTheFailure =
        [
            MessageProperties.Phase, MessageProperties.Attempt, MessageProperties.ErrorDestination,
            MessageProperties.ErrorCode, MessageProperties.ErrorData, MessageProperties.DeadLetterReason,
            MessageProperties.DeadLetterDetail, MessageProperties.Lane, MessageProperties.EgressName,
        ];
        foreach (var name in ofTheFailure)
        {
            replayed.ApplicationProperties.Remove(name);
        }

        replayed.ApplicationProperties[MessageProperties.Replayed] = "true";
        return replayed;
    }

    // Not cancelled: what is given back at once need not wait for its lock to end.
    private async Task GiveBackAsync(ServiceBusReceiver receiver, List<ServiceBusReceivedMessage> held)
    {
        await using var sender = client.CreateSender(EntityNames.DeadLetters);
        try
        {
            foreach (var message in held)
            {
                if (message.DeliveryCount < RenewFrom)
                {
                    await receiver.AbandonMessageAsync(message, cancellationToken: CancellationToken.None);
                    continue;
                }

                await sender.SendMessageAsync(Renewed(message), CancellationToken.None);
                await receiver.CompleteMessageAsync(message, CancellationToken.None);
            }
        }
        catch (ServiceBusException)
        {
            // The locks that are left, or were lost already, end by themselves.
        }
    }

    // The bus's own reason is not copied with a message; it must not be lost.
    private static ServiceBusMessage Renewed(ServiceBusReceivedMessage message)
    {
        var letter = DeadLetter.Of(message);
        var renewed = new ServiceBusMessage(message);
        renewed.ApplicationProperties[MessageProperties.DeadLetterReason] = letter.Reason;
        if (letter.Detail is not null)
        {
            renewed.ApplicationProperties[MessageProperties.DeadLetterDetail] = letter.Detail;
        }

        return renewed;
    }
}

/// <summary>What became of the dead letters that were meant.</summary>
/// <param name="Done">Replayed or discarded.</param>
/// <param name="Kept">Still there, each with why.</param>
/// <param name="NotReached">Locked by someone else, gone meanwhile, or behind too many others.</param>
internal sealed record DeadLetterPass(
    IReadOnlyList<DeadLetter> Done, IReadOnlyList<(DeadLetter Letter, string Why)> Kept, int NotReached);
