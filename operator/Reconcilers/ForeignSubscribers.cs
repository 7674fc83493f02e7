// Subscribers that another controller wrote into a Channel: Knative's Channelable contract.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// An entry of <c>spec.subscribers</c> with the uid of none of our Subscriptions. It is resolved already, and becomes
/// an egress and a bus subscription like any other; its state goes into <c>status.subscribers</c>.
/// </summary>
/// <remarks>
/// The name of its egress is <c>channel:name</c>. No object has a colon in its name, so what a Subscription of ours
/// leaves behind is never taken for a foreign one.
/// </remarks>
internal sealed class ForeignSubscribers(ReconcilerParts parts, ResourceType type)
{
    /// <summary>The entries that are not ours.</summary>
    public List<JsonObject> Of(Resource channel)
    {
        if (type != ResourceTypes.InMemoryChannel && type != ResourceTypes.ServiceBusChannel)
        {
            return [];
        }

        var ours = parts.Kinds.Subscriptions
            .SelectMany(kind => parts.Informers[kind].All.Select(item => item.Uid)).ToHashSet();
        return channel.Spec.Items("subscribers").OfType<JsonObject>()
            .Where(entry => entry.NonEmpty("uid") is { } uid && !ours.Contains(uid)
                && (parts.Routing.FindEgress(uid) is not { } egress || IsOf(egress, channel)))
            .ToList();
    }

    /// <summary>Brings each onto the bus, and takes those off that are gone; adds the entries of the status.</summary>
    public async Task<ReconcileResult> ReconcileAsync(
        Reconcile work, string topic, JsonArray statuses, CancellationToken cancellationToken)
    {
        var channel = work.Object;
        var result = ReconcileResult.Done;
        var present = Of(channel);
        foreach (var entry in present)
        {
            var (next, problem) = await ServeAsync(channel, topic, entry, cancellationToken);
            result = result.Or(next);
            statuses.Add(new JsonObject
            {
                ["uid"] = entry.Text("uid"),
                ["observedGeneration"] = entry.Number("generation") ?? 0,
                ["ready"] = problem is null ? "True" : "False",
                ["message"] = problem,
            });
        }

        var live = present.Select(entry => entry.Text("uid")).ToHashSet();
        foreach (var egress in parts.Routing.EgressesWhere(egress => IsOf(egress, channel)
            && egress.State != EgressState.Draining && !live.Contains(egress.Uid)))
        {
            var outcome = await parts.Bus.DeleteAsync(
                Entity(topic, egress, 0), Owner(channel, egress.Uid), cancellationToken);
            if (!outcome.IsDone)
            {
                return ReconcileResult.Again(outcome.RetryAfter);
            }

            parts.Routing.Drain(gone => gone.Uid == egress.Uid);
        }

        return result;
    }

    /// <summary>Their egresses in a table that was lost.</summary>
    public IEnumerable<Egress> Unresolved(Resource channel) => Of(channel).Select(entry => new Egress
    {
        Uid = entry.Text("uid")!,
        Kind = EgressKind.Subscription,
        Namespace = channel.Namespace,
        Name = NameOf(channel, entry),
        State = EgressState.Unresolved,
        Lane = EntityNames.SubscriptionsLane,
    });

    /// <summary>The Channel is gone, and its topic with every bus subscription.</summary>
    public void Forget(ResourceKey channel) => parts.Routing.Drain(egress => egress.Namespace == channel.Namespace
        && egress.Name.StartsWith(channel.Name + ":", StringComparison.Ordinal));

    private async Task<(ReconcileResult Result, string? Problem)> ServeAsync(
        Resource channel, string topic, JsonObject entry, CancellationToken cancellationToken)
    {
        var delivery = DeliverySpec.Inherit(
            DeliverySpec.Read(entry.At("delivery"), out var problem),
            DeliverySpec.Read(channel.Spec.At("delivery"), out _));
        var egress = new Egress
        {
            Uid = entry.Text("uid")!,
            Kind = EgressKind.Subscription,
            Namespace = channel.Namespace,
            Name = NameOf(channel, entry),
            Origin = channel.Name,
            Lane = EntityNames.SubscriptionsLane,
            Destination = Destination(entry, "subscriber"),
            Reply = Destination(entry, "reply"),
            DeadLetterSink = delivery.DeadLetterSink.NonEmpty("uri") is { } sink
                ? new Destination { Uri = sink }
                : null,
            Delivery = delivery.Resolved,
        };
        problem ??= egress.Destination is null && egress.Reply is null
            ? "subscriberUri and replyUri are both missing"
            : null;
        if (problem is not null)
        {
            return (ReconcileResult.Done, problem);
        }

        var mark = parts.Routing.Put(egress);
        var reach = parts.Reach(mark, parts.RefOf(type, channel));
        if (reach == RoutingReach.Pending || !parts.Lanes.State.IsDone)
        {
            return (ReconcileResult.Again(ReconcilerParts.SafetyLook),
                $"Waiting for the functions to load routing table {mark.Generation}");
        }

        var outcome = await parts.Bus.EnsureAsync(
            Entity(topic, egress, mark.Generation), Owner(channel, egress.Uid), null, cancellationToken);
        return outcome.IsDone
            ? (ReconcileResult.Done, null)
            : (ReconcileResult.Again(outcome.RetryAfter), outcome.Message);
    }

    private static string NameOf(Resource channel, JsonObject entry) =>
        $"{channel.Name}:{entry.NonEmpty("name") ?? entry.Text("uid")}";

    private static bool IsOf(Egress egress, Resource channel) => egress.Namespace == channel.Namespace
        && egress.Name.StartsWith(channel.Name + ":", StringComparison.Ordinal);

    private static Destination? Destination(JsonObject entry, string field) =>
        (entry.NonEmpty(field + "Uri") ?? entry.NonEmpty(field + "URI")) is { } uri
            ? new Destination
            {
                Uri = uri,
                CaCerts = entry.NonEmpty(field + "CACerts"),
                Audience = entry.NonEmpty(field + "Audience"),
            }
            : null;

    private static BusSubscription Entity(string topic, Egress egress, long since) =>
        new(topic, EntityNames.BusSubscription("subscriber", egress.Uid))
        {
            ForwardTo = EntityNames.SubscriptionsLane,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            Egress = egress.Uid,
            Since = since,
        };

    private BusOwner Owner(Resource channel, string uid) =>
        new($"{type.GroupKind} subscriber", channel.Namespace, channel.Name, uid);
}
