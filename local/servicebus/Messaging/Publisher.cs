// Takes messages from senders: checks, routes and journals them.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Store;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>How a publish ended: an error, or the numbers given to the copies.</summary>
internal readonly record struct PublishResult(BrokerError? Error, IReadOnlyList<long> Sequences);

/// <summary>
/// <code>
///   1 parse, check   2 route every message (Router)   3 journal all as one operation   4 on disk: tell the sender
///        ▲                     └── a message-id that another is just writing: wait for its end ──┐
///        └─────────────────────────────────────────────────────────────────────────────────────────┘
/// </code>
/// </summary>
internal sealed partial class Publisher(
    Router router, Journal journal, BodyReader bodies, BrokerCounters counters, Quirks? quirks,
    ILogger logger)
{
    /// <summary>
    /// Calls <paramref name="done"/> exactly once, when everything is on disk or refused, with the numbers given if
    /// they are wanted. In a transaction that is when it ends, but for what is refused at once.
    /// </summary>
    public void Publish(
        EntityNode node,
        IReadOnlyList<byte[]> messages,
        bool wantSequences,
        Action<PublishResult> done,
        Transaction? transaction = null)
    {
        var items = new List<PlaceItem>(messages.Count);
        var error = quirks?.Throttles() == true ? BrokerError.Throttled : CheckEntity(node);
        for (var index = 0; error is null && index < messages.Count; index++)
        {
            var routing = new RoutingResult(owner: transaction ?? (object)items);
            error = TryRoute(node, messages[index], routing, items);
            if (routing.Awaited is { } another)
            {
                items.ForEach(item => item.Routing.Withdraw());
                another.WhenSettled(() => Publish(node, messages, wantSequences, done, transaction));
                return;
            }
        }

        var operation = new PlaceOperation(items, bodies, Finished);
        if (error is null && !(transaction?.TryAdd(operation, items.Count) ?? journal.TrySubmit(operation)))
        {
            error = transaction?.RefusalOf(items.Count) ?? BrokerError.Busy;
        }

        if (error is not null)
        {
            items.ForEach(item => item.Routing.Withdraw());
            done(new PublishResult(error, []));
        }

        void Finished(PlaceOperation written, bool committed)
        {
            if (committed)
            {
                counters.Accepted(items.Count);
            }

            done(committed
                ? new PublishResult(null, wantSequences ? written.Sequences.ToList() : [])
                : new PublishResult(BrokerError.Busy, []));
        }
    }

    /// <summary>The largest message an entity takes, in bytes.</summary>
    public static long MaxMessageBytes(EntityNode node) => 1024 * node.Description switch
    {
        QueueDescription queue => queue.MaxMessageSizeInKilobytes,
        TopicDescription topic => topic.MaxMessageSizeInKilobytes,
        _ => EntityLimits.DefaultMessageKilobytes,
    };

    private static BrokerError? CheckEntity(EntityNode node)
    {
        if (!node.CanSend)
        {
            return BrokerError.Disabled(node.Path);
        }

        return node.IsFull ? BrokerError.Full(node.Path, node.MaxMegabytes) : null;
    }

    private BrokerError? TryRoute(EntityNode node, byte[] bytes, RoutingResult routing, List<PlaceItem> items)
    {
        try
        {
            if (bytes.Length > MaxMessageBytes(node))
            {
                return BrokerError.TooLarge(bytes.Length, MaxMessageBytes(node));
            }

            var content = WireMessage.Parse(bytes);
            if (string.IsNullOrEmpty(content.MessageId))
            {
                // Clients rely on an id being there: the JavaScript one cannot renew a lock without.
                content = WireMessage.Parse(MessageEncoder.WithMessageId(content, Guid.NewGuid().ToString("N")));
            }

            if (content.MessageId!.Length > EntityLimits.MaxMessageIdLength)
            {
                return BrokerError.Argument($"A message-id has at most {EntityLimits.MaxMessageIdLength} characters.");
            }

            if (node.Messages.Settings.RequiresSession && content.SessionId is null)
            {
                return BrokerError.NotAllowed($"'{node.Path}' requires sessions: set the message's session id.");
            }

            var view = new MessageView(content)
            {
                TimeToLive = content.HeaderTtl ?? long.MaxValue,
                ScheduledFor = Milliseconds(content.ScheduledEnqueueTime),
            };
            items.Add(new PlaceItem(routing) { Content = content.Bytes });
            router.Arrive(node, view, routing);
            return null;
        }
        catch (WireFormatException problem)
        {
            return BrokerError.Malformed(problem.Message);
        }
        catch (Exception problem)
        {
            // A bug in routing this one message: its sender is told, the connection and the others live.
            Log.RoutingFailed(logger, problem, node.Path);
            return BrokerError.Internal;
        }
    }

    private static long Milliseconds(DateTime? time) =>
        time is { } given ? new DateTimeOffset(given.ToUniversalTime()).ToUnixTimeMilliseconds() : 0;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A message to {Entity} could not be routed")]
        public static partial void RoutingFailed(ILogger logger, Exception problem, string entity);
    }
}
