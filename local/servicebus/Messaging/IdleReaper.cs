// Deletes entities that nobody has used for as long as their AutoDeleteOnIdle says.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Use is what touches the entity, a receiver that waits, a change of its description, a message scheduled for later;
/// for a topic also any use of its subscriptions. One that forwards is never idle, as on Azure. Counted from the start
/// of the process.
/// </summary>
internal sealed partial class IdleReaper(Topology topology, Administration administration, ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private readonly Dictionary<EntityNode, LastUse> _uses = [];
    private DateTimeOffset _next;

    public void Check(DateTimeOffset now)
    {
        if (now < _next)
        {
            return;
        }

        _next = now + Period;
        foreach (var gone in _uses.Keys.Where(node => topology.Find(node.Path) != node).ToList())
        {
            _uses.Remove(gone);
        }

        foreach (var node in topology.All)
        {
            var limit = node.Description.AutoDeleteOnIdle;
            if (limit < TimeSpan.MaxValue && now - LastUseOf(node, now) >= limit)
            {
                _uses.Remove(node);
                _ = DeleteAsync(node, limit);
            }
        }
    }

    private DateTimeOffset LastUseOf(EntityNode node, DateTimeOffset now)
    {
        EntityNode[] whole = node is TopicNode topic ? [node, .. topic.Subscriptions] : [node];
        var touches = whole.Sum(part => part.Touches);
        if (!Array.Exists(whole, IsInUse)
            && _uses.TryGetValue(node, out var last)
            && last.Touches == touches
            && ReferenceEquals(last.Description, node.Description))
        {
            return last.At;
        }

        _uses[node] = new LastUse(touches, node.Description, now);
        return now;
    }

    private static bool IsInUse(EntityNode node) => node.ForwardTo is not null
        || node.Messages.HasReceivers
        || node.DeadLetters.HasReceivers
        || node.Messages.Counts().Scheduled > 0;

    private async Task DeleteAsync(EntityNode node, TimeSpan limit)
    {
        try
        {
            var error = await administration.DeleteAsync(node.Path, CancellationToken.None);
            Log.Deleted(logger, node.Path, limit, error?.Message ?? "done");
        }
        catch (ObjectDisposedException)
        {
            // The emulator is stopping.
        }
    }

    private sealed record LastUse(long Touches, Entities.EntityDescription Description, DateTimeOffset At);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message =
            "{Entity} was not used for {Limit}, its AutoDeleteOnIdle, and is deleted: {Outcome}")]
        public static partial void Deleted(ILogger logger, string entity, TimeSpan limit, string outcome);
    }
}
