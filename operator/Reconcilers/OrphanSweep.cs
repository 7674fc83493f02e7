// Takes entities off the bus whose objects are gone: deleted while no operator ran, or let go while the bus was away.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>Only what bears this installation's mark is looked at.</summary>
/// <remarks>
/// <code>
///   every period ─► 1 list entities with our mark ─► 2 no object of the marked name (for a topic) or uid
///                   3 not there in the last pass either ─► 4 the API server, asked itself, says 404 ─► deleted
/// </code>
/// A kind that the cluster does not serve says nothing about its objects: whoever removes our CRDs by mistake still has
/// every event when they are back.
/// </remarks>
internal sealed partial class OrphanSweep(ReconcilerParts parts, TimeSpan period, ILogger logger)
{
    private HashSet<string> _suspects = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(period, parts.Time, cancellationToken);
                await SweepAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var suspects = new HashSet<string>();
        try
        {
            foreach (var (entity, owner) in await parts.Bus.ListOwnedAsync(cancellationToken))
            {
                if (TypeOf(owner) is not { } type || !IsOrphan(entity, owner, type))
                {
                    continue;
                }

                if (_suspects.Contains(entity.Path) && await IsGoneAsync(entity, owner, type, cancellationToken))
                {
                    await parts.Bus.DeleteAsync(entity, owner, cancellationToken);
                    Log.Swept(logger, entity.Path, owner.ToString());
                }
                else
                {
                    suspects.Add(entity.Path);
                }
            }
        }
        catch (HttpRequestException error)
        {
            Log.NotSwept(logger, error.Message);
        }

        _suspects = suspects;
    }

    private bool IsOrphan(BusEntity entity, BusOwner owner, ResourceType type) =>
        parts.Informers[type] is { IsServed: true } informer
        && Differs(entity, owner, informer.Get(new ResourceKey(owner.Namespace, owner.Name)));

    private async Task<bool> IsGoneAsync(
        BusEntity entity, BusOwner owner, ResourceType type, CancellationToken cancellationToken)
    {
        var answer = await parts.Client.GetAsync(
            type, new ResourceKey(owner.Namespace, owner.Name), cancellationToken);
        return answer.IsMissing || (answer.Object is { } there && Differs(entity, owner, there));
    }

    // A topic is taken over by an object made anew under its name; everything else has the uid in its own.
    private static bool Differs(BusEntity entity, BusOwner owner, Resource? there) =>
        there is null || (entity is not BusTopic && there.Uid != owner.Uid);

    private ResourceType? TypeOf(BusOwner owner) =>
        parts.Kinds.Channels.Concat(parts.Kinds.Subscriptions)
            .FirstOrDefault(type => type.GroupKind.ToString() == owner.Kind);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Deleted {Path} on the bus: {Owner} is gone")]
        public static partial void Swept(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The sweep for orphans was cut short: {Why}")]
        public static partial void NotSwept(ILogger logger, string why);
    }
}
