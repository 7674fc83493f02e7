// A Subscription, of either group, becomes a bus subscription with one rule.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>One kind of Subscription. Whose it is decides what goes on the bus.</summary>
/// <remarks>
/// <code>
///   owned by a Trigger   rule = the Trigger's filter, egress = the Trigger's (put in the table by it) → triggers lane
///   owned by a Broker    everything on the ingress topic → the trigger topic; no egress: the bus does it alone
///   a user's             everything in the Channel, an egress of its own → subscriptions lane
///
///   made     1 references resolved  2 egress in the table, loaded  3 bus subscription with its rule  4 Ready
///   deleted  1 bus subscription deleted  2 egress draining
/// </code>
/// A subscriber that stops resolving changes nothing on the bus: events wait and are retried, none is dropped.
/// </remarks>
public sealed class SubscriptionReconciler(ResourceType type, ReconcilerParts parts) : IObjectReconciler
{
    private readonly bool _old = type.Group == ResourceTypes.EventingGroup;

    public ResourceType Type => type;

    public ConditionSet? Conditions { get; } = type.Group == ResourceTypes.EventingGroup
        ? new ConditionSet("Resolved", "AddedToChannel", "ChannelReady")
        : new ConditionSet("ReferencesResolved", "AddedToChannel", "ChannelReady", "OIDCIdentityCreated");

    public bool HasFinalizer => true;

    private string Resolved => _old ? "Resolved" : "ReferencesResolved";

    public bool IsOurs(Resource resource) =>
        parts.Kinds.Channels.Any(kind => kind.GroupKind == ChannelSubscribers.ChannelOf(resource, type).Kind);

    /// <summary>Whether it is a user's: a Trigger's shares the Trigger's egress, a Broker's needs none.</summary>
    public static bool HasOwnEgress(Resource subscription) =>
        subscription.Controller?.Kind is not { } owner
        || (owner != ResourceTypes.Trigger.GroupKind && owner != ResourceTypes.Broker.GroupKind);

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        if (!_old)
        {
            work.Conditions.MarkTrue(
                "OIDCIdentityCreated", "FeatureDisabled", "OIDC authentication is not switched on.");
        }

        var owner = work.Object.Controller;
        if (owner is not null && IsOrphan(work.Object, owner))
        {
            await parts.Client.DeleteAsync(type, work.Object, cancellationToken);
            return ReconcileResult.Done;
        }

        var channel = FindChannel(work);
        var prepared = owner?.Kind == ResourceTypes.Trigger.GroupKind ? OfTrigger(work, owner)
            : owner?.Kind == ResourceTypes.Broker.GroupKind ? OfBroker(work, owner)
            : OfUser(work, channel);
        if (prepared.Entity is not { } entity || channel is null)
        {
            return prepared.Result;
        }

        var result = prepared.Result.Or(await PutOnBusAsync(work, prepared, entity, owner, cancellationToken));
        if (prepared.NotLoaded is { } why)
        {
            work.Conditions.MarkUnknown("AddedToChannel", "RoutingTableNotLoaded", why);
        }

        return result;
    }

    public async Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken)
    {
        var result = await new Deletion(parts, type).RunAsync(resource, Entities(resource), cancellationToken);
        if (result != ReconcileResult.Done)
        {
            return result;
        }

        parts.Routing.Drain(egress => egress.Uid == resource.Uid);
        return ReconcileResult.Done;
    }

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        if (!parts.AreServed(parts.Kinds.Subscriptions))
        {
            return Task.CompletedTask;
        }

        var live = parts.Kinds.Subscriptions.Select(kind => parts.Informers[kind].Get(key)?.Uid).ToList();
        parts.Routing.Drain(egress => egress.Kind == EgressKind.Subscription && !live.Contains(egress.Uid)
            && egress.Namespace == key.Namespace && egress.Name == key.Name);
        return Task.CompletedTask;
    }

    // What it has on the bus, as far as names go: enough to delete it when Channel and owner may be gone.
    private IEnumerable<BusEntity> Entities(Resource resource)
    {
        var topic = EntityNames.Topic(resource.Namespace, resource.Spec.Text("channel", "name") ?? "");
        if (resource.Controller is not { } owner || owner.Kind != ResourceTypes.Trigger.GroupKind)
        {
            return [BusSubscriptions.OfSubscription(topic, resource, 0)];
        }

        // In the plain case the table says that there was never more than the one.
        return parts.Routing.FindEgress(owner.Uid) is { Dedicated: null, State: not EgressState.Unresolved } egress
            && parts.Routing.FindEgress(DispatchNames.OldEgress(owner.Uid)) is null
            ? [BusSubscriptions.OfTrigger(topic, egress, 0)]
            : BusSubscriptions.AllOfTrigger(topic, resource.Namespace, owner.Name, owner.Uid);
    }

    // Garbage collection by owner references is the cluster's work; where it is slow or missing, this is quick.
    private bool IsOrphan(Resource resource, Owner owner)
    {
        var ownerType = owner.Kind == ResourceTypes.Trigger.GroupKind ? ResourceTypes.Trigger
            : owner.Kind == ResourceTypes.Broker.GroupKind ? ResourceTypes.Broker
            : null;
        return ownerType is not null && parts.Informers[ownerType].IsServed
            && parts.Informers[ownerType].Get(new ResourceKey(resource.Namespace, owner.Name))?.Uid != owner.Uid;
    }

    private Resource? FindChannel(Reconcile work)
    {
        var target = ChannelSubscribers.ChannelOf(work.Object, type);
        work.RefersTo(target);
        var kind = parts.Kinds.Channels.First(candidate => candidate.GroupKind == target.Kind);
        var channel = parts.Informers[kind].Get(target.Key);
        if (channel is null or { IsDeleting: true })
        {
            var missing = $"{kind.Kind} {target.Key} does not exist";
            work.Conditions.MarkFalse("ChannelReady", "ChannelNotFound", missing);
            work.Conditions.MarkUnknown("AddedToChannel", "ChannelNotFound", missing);
            return null;
        }

        Marks.Mirror(work.Conditions, "ChannelReady", channel, kind.Kind);
        return channel;
    }

    private Prepared OfTrigger(Reconcile work, Owner owner)
    {
        ShowAddresses(work, work.Object.Spec.Text("subscriber", "uri"), ReplyOfTrigger(work.Object), null);
        work.Conditions.MarkTrue(Resolved);
        work.RefersTo(new ObjectRef(ResourceTypes.Trigger.GroupKind, work.Object.Namespace, owner.Name));
        if (parts.Routing.FindEgress(owner.Uid) is not { } egress || parts.Routing.MarkOf(owner.Uid) is not { } mark)
        {
            work.Conditions.MarkUnknown("AddedToChannel", "TriggerNotReady", "Waiting for the Trigger that owns this");
            return Prepared.Nothing(ReconcileResult.Done);
        }

        if (parts.Reach(mark, parts.RefOf(type, work.Object)) == RoutingReach.Pending)
        {
            // The bus follows the table, never the other way round.
            work.Conditions.MarkUnknown("AddedToChannel", "RoutingTableNotLoaded",
                $"Waiting for the functions to load routing table {mark.Generation}");
            return Prepared.Nothing(ReconcileResult.Again(ReconcilerParts.SafetyLook));
        }

        var topic = EntityNames.Topic(work.Object.Namespace, work.Object.Spec.Text("channel", "name") ?? "");
        return new Prepared(
            BusSubscriptions.OfTrigger(topic, egress, mark.Generation), ReconcileResult.Done)
        {
            Retries = BusSubscriptions.RetriesOfTrigger(egress),
            Old = parts.Routing.FindEgress(DispatchNames.OldEgress(owner.Uid)),
        };
    }

    private string? ReplyOfTrigger(Resource subscription) =>
        subscription.Spec.NonEmpty("reply", "channel", "name") is { } channel
            ? $"http://{Addresses.ChannelHost(subscription.Namespace, channel)}.{parts.ClusterDomain}"
            : null;

    private Prepared OfBroker(Reconcile work, Owner owner)
    {
        ShowAddresses(work, work.Object.Spec.Text("subscriber", "uri"), null, null);
        work.Conditions.MarkTrue(Resolved);
        // The topic it forwards to has to be there first.
        var target = new ResourceKey(work.Object.Namespace, BrokerNames.TriggerChannel(owner.Name));
        work.RefersTo(new ObjectRef(ResourceTypes.OwnedChannel.GroupKind, target));
        return new Prepared(BusSubscriptions.OfReplies(work.Object, owner.Name), ReconcileResult.Done);
    }

    private Prepared OfUser(Reconcile work, Resource? channel)
    {
        var subscription = work.Object;
        var own = DeliverySpec.Read(subscription.Spec.At("delivery"), out var problem);
        var delivery = DeliverySpec.Inherit(own, DeliverySpec.Read(channel?.Spec.At("delivery"), out _));
        var subscriber = Resolve(work, "subscriber", ref problem);
        var reply = Resolve(work, "reply", ref problem);
        var sink = delivery.DeadLetterSink is null
            ? null
            : Resolve(work, delivery.DeadLetterSink, "delivery.deadLetterSink", ref problem);
        if (problem is null && subscriber is null && reply is null)
        {
            problem = "spec.subscriber and spec.reply are both missing: set at least one of them";
        }

        ShowAddresses(work, subscriber?.Uri, reply?.Uri, sink?.Uri);
        if (problem is not null)
        {
            work.Conditions.MarkFalse(Resolved, "UnresolvedReference", problem);
            if (parts.Routing.MarkOf(subscription.Uid) is null)
            {
                work.Conditions.MarkUnknown("AddedToChannel", "UnresolvedReference", problem);
            }

            return Prepared.Nothing(ReconcileResult.Again(TimeSpan.FromSeconds(30)));
        }

        work.Conditions.MarkTrue(Resolved);
        var mark = parts.Routing.Put(new Egress
        {
            Uid = subscription.Uid,
            Kind = EgressKind.Subscription,
            Namespace = subscription.Namespace,
            Name = subscription.Name,
            Origin = subscription.Spec.Text("channel", "name"),
            Lane = EntityNames.SubscriptionsLane,
            Destination = subscriber,
            Reply = reply,
            DeadLetterSink = sink,
            Delivery = delivery.Resolved,
        });
        var reach = parts.Reach(mark, parts.RefOf(type, subscription));
        var waiting = $"Waiting for the functions to load routing table {mark.Generation}";
        if (reach == RoutingReach.Pending)
        {
            work.Conditions.MarkUnknown("AddedToChannel", "RoutingTableNotLoaded", waiting);
            return Prepared.Nothing(ReconcileResult.Again(ReconcilerParts.SafetyLook));
        }

        var topic = EntityNames.Topic(subscription.Namespace, subscription.Spec.Text("channel", "name") ?? "");
        return new Prepared(
            BusSubscriptions.OfSubscription(topic, subscription, mark.Generation),
            reach == RoutingReach.Loaded ? ReconcileResult.Done : ReconcileResult.Again(ReconcilerParts.SafetyLook),
            reach == RoutingReach.Loaded ? null : waiting);
    }

    private Destination? Resolve(Reconcile work, string field, ref string? problem)
    {
        var json = work.Object.Spec.At(field);
        // A Destination with nothing in it is what a client writes that always sends the field.
        return json is JsonObject { Count: > 0 } ? Resolve(work, json, $"spec.{field}", ref problem) : null;
    }

    private Destination? Resolve(Reconcile work, JsonNode json, string what, ref string? problem)
    {
        var resolution = parts.Resolver.Resolve(json, what, work.Object.Namespace, work.RefersTo);
        problem ??= resolution.Destination is null ? resolution.Message : null;
        return resolution.Destination;
    }

    private async Task<ReconcileResult> PutOnBusAsync(
        Reconcile work,
        Prepared prepared,
        BusSubscription entity,
        Owner? owner,
        CancellationToken cancellationToken)
    {
        var busOwner = BusOwner.Of(type, work.Object);
        var wasInForce = parts.Bus.IsInForce(entity, busOwner);
        var outcome = parts.Lanes.State;
        if (outcome.IsDone && prepared.Retries is { } retries)
        {
            outcome = await parts.Bus.EnsureAsync(retries, busOwner, null, cancellationToken);
        }

        if (outcome.IsDone)
        {
            outcome = await parts.Bus.EnsureAsync(entity, busOwner, null, cancellationToken);
        }

        var isInForce = parts.Bus.IsInForce(entity, busOwner);
        var result = Marks.Bus(work, "AddedToChannel", outcome, isInForce);
        if (isInForce && !wasInForce && owner is not null)
        {
            // Its status may read the same as before; the owner still waits for this very rule to be in force.
            parts.Wake(new ObjectRef(owner.Kind, work.Object.Namespace, owner.Name));
        }

        if (isInForce && prepared.Old is { } old)
        {
            result = result.Or(await EmptyAsync(entity.Topic, old, busOwner, cancellationToken));
        }

        return result.Or(ReconcileResult.Again(parts.Bus.DriftPeriod));
    }

    // The path the Trigger had before it moved between shared and dedicated.
    private async Task<ReconcileResult> EmptyAsync(
        string topic, Egress old, BusOwner busOwner, CancellationToken cancellationToken)
    {
        var outcome = await parts.Bus.RetireAsync(
            BusSubscriptions.OfTrigger(topic, old, 0),
            BusSubscriptions.RetriesOfTrigger(old),
            busOwner,
            cancellationToken);
        if (!outcome.IsDone)
        {
            return ReconcileResult.Again(outcome.RetryAfter);
        }

        parts.Routing.RemoveEgress(old.Uid);
        return ReconcileResult.Done;
    }

    private void ShowAddresses(Reconcile work, string? subscriber, string? reply, string? deadLetterSink)
    {
        var physical = new JsonObject();
        Set(physical, _old ? "subscriberURI" : "subscriberUri", subscriber);
        Set(physical, _old ? "replyURI" : "replyUri", reply);
        Set(physical, "deadLetterSinkUri", deadLetterSink);
        work.Status["physicalSubscription"] = physical;
    }

    private static void Set(JsonObject into, string name, string? value)
    {
        if (value is not null)
        {
            into[name] = value;
        }
    }

    // What is to go on the bus (null: not now), when to look again, and why it is not Ready even when it is there.
    private sealed record Prepared(BusSubscription? Entity, ReconcileResult Result, string? NotLoaded = null)
    {
        /// <summary>A retries queue of its own, which has to be there first.</summary>
        public BusQueue? Retries { get; init; }

        /// <summary>The path used before, to be emptied once this one is in force.</summary>
        public Egress? Old { get; init; }

        public static Prepared Nothing(ReconcileResult result) => new(null, result);
    }
}
