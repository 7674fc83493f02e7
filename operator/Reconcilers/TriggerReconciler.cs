// A Trigger becomes an egress in the routing table and a Subscription of its Broker's trigger Channel.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>Triggers.</summary>
/// <remarks>
/// <code>
///   made     1 Broker, filter, subscriber, sink   2 egress in the table, loaded   3 owned Subscription
///            4 its reconciler puts the bus subscription with the compiled filter   5 Ready: that rule is in force
///   changed  the egress first, then the rule in place; between the two only what both filters pass is delivered
///   moved    between shared and dedicated: the new bus subscription first, then the old one is closed and emptied
///   deleted  1 Subscription deleted, and with it the bus subscription   2 egress draining
/// </code>
/// A Trigger that stops resolving keeps what it had in force: its events wait and are retried, none is dropped.
/// </remarks>
public sealed class TriggerReconciler(ReconcilerParts parts) : IObjectReconciler
{
    private const string DependencyAnnotation = "knative.dev/dependency";

    private readonly Dispatchers _dispatchers = new(parts, ResourceTypes.Trigger);

    public ResourceType Type => ResourceTypes.Trigger;

    public ConditionSet? Conditions { get; } = new(
        "BrokerReady", "SubscriptionReady", "DependencyReady", "SubscriberResolved", "DeadLetterSinkResolved",
        "OIDCIdentityCreated");

    public bool HasFinalizer => false;

    /// <summary>
    /// A Trigger follows its Broker's class; while there is no Broker it may still become ours, where nobody else takes
    /// care of it.
    /// </summary>
    public bool IsOurs(Resource resource) =>
        Broker(resource) is { } broker ? parts.BrokerClass.IsOurs(broker) : !parts.Coexists;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var trigger = work.Object;
        var conditions = work.Conditions;
        conditions.MarkTrue("OIDCIdentityCreated", "FeatureDisabled", "OIDC authentication is not switched on.");
        MarkDependency(work);
        await DropPredecessorsAsync(trigger.Key, trigger.Uid, cancellationToken);

        var brokerName = BrokerNames.BrokerOf(trigger);
        work.RefersTo(new ObjectRef(ResourceTypes.Broker.GroupKind, trigger.Namespace, brokerName));
        var broker = Broker(trigger);
        if (broker is { IsDeleting: false })
        {
            Marks.Mirror(conditions, "BrokerReady", broker, "Broker");
        }
        else
        {
            conditions.MarkFalse("BrokerReady", "BrokerDoesNotExist",
                $"Broker {trigger.Namespace}/{brokerName} does not exist; create it or correct spec.broker");
        }

        work.RefersTo(new ObjectRef(ResourceTypes.Namespace.GroupKind, "", trigger.Namespace));
        var dispatch = DispatchOf(trigger, broker);
        var egress = new TriggerEgress(parts).Resolve(work, broker, brokerName, dispatch);
        if (egress is null || broker is null || ChangesOrder(work, egress))
        {
            return ReconcileResult.Again(TimeSpan.FromSeconds(30));
        }

        KeepOldPath(egress);
        var mark = parts.Routing.Put(egress);
        var reach = parts.Reach(mark, parts.RefOf(Type, trigger));
        if (reach == RoutingReach.Pending)
        {
            MarkNotLoaded(conditions, mark);
            return ReconcileResult.Again(ReconcilerParts.SafetyLook);
        }

        var result = await SubscribeAsync(work, brokerName, egress, cancellationToken);
        result = result.Or(await DeployAsync(work, brokerName, dispatch, cancellationToken));
        if (reach != RoutingReach.Loaded)
        {
            MarkNotLoaded(conditions, mark);
            return ReconcileResult.Again(ReconcilerParts.SafetyLook);
        }

        return result;
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    /// <summary>Also called when the Broker turned out to be another implementation's.</summary>
    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) =>
        DropPredecessorsAsync(
            key,
            parts.Informers[Type].Get(key) is { } present && IsOurs(present) ? present.Uid : null,
            cancellationToken);

    private Resource? Broker(Resource trigger) => parts.Informers[ResourceTypes.Broker]
        .Get(new ResourceKey(trigger.Namespace, BrokerNames.BrokerOf(trigger)));

    private static bool IsOf(Egress egress, string? uid) =>
        uid is not null && (egress.Uid == uid || egress.Uid == DispatchNames.OldEgress(uid));

    // Of Triggers that had this name before: first their Subscriptions, and when those are gone, their egresses.
    private async Task DropPredecessorsAsync(ResourceKey key, string? live, CancellationToken cancellationToken)
    {
        var left = parts.Informers[ResourceTypes.OwnedSubscription].All
            .Where(item => item.Namespace == key.Namespace && item.Controller is { } owner
                && owner.Kind == Type.GroupKind && owner.Name == key.Name && owner.Uid != live)
            .ToList();
        foreach (var subscription in left.Where(item => !item.IsDeleting))
        {
            await parts.Client.DeleteAsync(ResourceTypes.OwnedSubscription, subscription, cancellationToken);
        }

        ResourceType[] workloads = [ResourceTypes.Deployment, ResourceTypes.ScaledObject];
        foreach (var kind in workloads)
        {
            foreach (var child in parts.Informers[kind].All.Where(item => item.Namespace == key.Namespace
                && !item.IsDeleting && item.Controller is { } owner && owner.Kind == Type.GroupKind
                && owner.Name == key.Name && owner.Uid != live).ToList())
            {
                await parts.Client.DeleteAsync(kind, child, cancellationToken);
            }
        }

        var waiting = left.Select(item => item.Controller!.Uid).ToHashSet();
        parts.Routing.Drain(egress => egress.Kind == EgressKind.Trigger && egress.Namespace == key.Namespace
            && egress.Name == key.Name && !IsOf(egress, live) && !waiting.Any(uid => IsOf(egress, uid)));
    }

    private Dispatch DispatchOf(Resource trigger, Resource? broker) => Dispatch.Of(
        trigger, broker, parts.Informers[ResourceTypes.Namespace].Get(new ResourceKey("", trigger.Namespace)));

    // The order of events is a property of the bus subscription that the bus never changes.
    private bool ChangesOrder(Reconcile work, Egress wanted)
    {
        if (parts.Routing.FindEgress(wanted.Uid) is not { State: EgressState.Active } present
            || (present.Dedicated?.Ordered ?? false) == (wanted.Dedicated?.Ordered ?? false))
        {
            return false;
        }

        work.Conditions.MarkFalse("SubscriptionReady", "Immutable",
            $"Annotation {Dispatch.OrderAnnotation} cannot be changed; it stays as it was. "
            + "Delete the Trigger and make it anew");
        return true;
    }

    // Shared and dedicated are two paths on the bus. The one left behind keeps an egress until it is empty; the
    // Subscription's reconciler empties it once the new one is in force.
    private void KeepOldPath(Egress wanted)
    {
        var oldUid = DispatchNames.OldEgress(wanted.Uid);
        var present = parts.Routing.FindEgress(wanted.Uid);
        var old = present is { State: EgressState.Active } && (present.Dedicated is null) != (wanted.Dedicated is null)
            ? present
            : parts.Routing.FindEgress(oldUid);
        if (old is { State: EgressState.Active })
        {
            parts.Routing.Put(wanted with { Uid = oldUid, Lane = old.Lane, Dedicated = old.Dedicated });
        }
    }

    private async Task<ReconcileResult> DeployAsync(
        Reconcile work, string broker, Dispatch dispatch, CancellationToken cancellationToken)
    {
        var trigger = work.Object;
        if (dispatch.Level == DispatchLevel.Broker)
        {
            // Its Broker sizes the deployment by the egresses it serves, of which this may be a new one.
            parts.Wake(new ObjectRef(ResourceTypes.Broker.GroupKind, trigger.Namespace, broker));
        }

        if (dispatch.Level != DispatchLevel.Trigger)
        {
            return await _dispatchers.RemoveAsync(
                trigger, DispatchNames.OfTrigger(trigger.Name), cancellationToken);
        }

        return await _dispatchers.EnsureFilterAsync(
            work,
            BrokerNames.Dispatcher(parts, trigger.Namespace, broker, DispatchNames.OfTrigger(trigger.Name)) with
            {
                Role = DispatchNames.Filter,
                Trigger = trigger.Name,
            },
            "SubscriptionReady",
            cancellationToken);
    }

    private async Task<ReconcileResult> SubscribeAsync(
        Reconcile work, string broker, Egress egress, CancellationToken cancellationToken)
    {
        var trigger = work.Object;
        var outcome = await parts.Children.EnsureAsync(
            Type, trigger, ResourceTypes.OwnedSubscription, Subscription(trigger, broker), cancellationToken);
        if (outcome.Child is not { } subscription)
        {
            work.Conditions.MarkFalse("SubscriptionReady", outcome.Reason!, outcome.Message!);
            return ReconcileResult.Again(TimeSpan.FromSeconds(2));
        }

        // Ready means this very rule, not "some rule": the Subscription may still say Ready of the one before.
        var entity = BusSubscriptions.OfTrigger(BrokerNames.TriggerTopic(trigger.Namespace, broker), egress, 0);
        Marks.Mirror(work.Conditions, "SubscriptionReady", subscription, "Subscription");
        var isInForce = parts.Bus.IsInForce(entity, BusOwner.Of(ResourceTypes.OwnedSubscription, subscription));
        if (!isInForce)
        {
            parts.Wake(parts.RefOf(ResourceTypes.OwnedSubscription, subscription));
            if (subscription.IsReady)
            {
                work.Conditions.MarkUnknown("SubscriptionReady", "RuleNotInForce", "The rule is being put on the bus");
            }
        }

        return ReconcileResult.Done;
    }

    private JsonObject Subscription(Resource trigger, string broker)
    {
        JsonObject Channel(string name) => new()
        {
            ["apiVersion"] = ResourceTypes.OwnedChannel.ApiVersion,
            ["kind"] = ResourceTypes.OwnedChannel.Kind,
            ["name"] = name,
        };

        var filterHost = $"{BrokerNames.FilterService(broker)}.{trigger.Namespace}.svc.{parts.ClusterDomain}";
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = BrokerNames.TriggerSubscription(broker, trigger),
                ["labels"] = new JsonObject
                {
                    [BrokerNames.BrokerLabel] = broker,
                    [BrokerNames.TriggerLabel] = trigger.Name,
                },
            },
            ["spec"] = new JsonObject
            {
                ["channel"] = Channel(BrokerNames.TriggerChannel(broker)),
                ["subscriber"] = new JsonObject
                {
                    ["uri"] = "http://" + filterHost
                        + Addresses.TriggerPath(trigger.Namespace, trigger.Name, trigger.Uid),
                },
                ["reply"] = new JsonObject { ["channel"] = Channel(BrokerNames.IngressChannel(broker)) },
            },
        };
    }

    private void MarkDependency(Reconcile work)
    {
        if (work.Object.Annotation(DependencyAnnotation) is not { } text)
        {
            work.Conditions.MarkTrue("DependencyReady");
            return;
        }

        JsonNode? reference = null;
        try
        {
            reference = JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            // Reported as one of the missing fields below.
        }

        if (reference.NonEmpty("kind") is not { } kind || reference.NonEmpty("name") is not { } name
            || reference.NonEmpty("apiVersion") is not { } apiVersion)
        {
            work.Conditions.MarkFalse("DependencyReady", "DependencyInvalid",
                $"Annotation {DependencyAnnotation} must be JSON with apiVersion, kind and name");
            return;
        }

        var key = new ResourceKey(work.Object.Namespace, name);
        work.RefersTo(new ObjectRef(GroupKind.Of(apiVersion, kind), key));
        if (parts.Informers.Find(apiVersion, kind)?.Get(key) is not { } dependency)
        {
            work.Conditions.MarkFalse("DependencyReady", "DependencyDoesNotExist", $"{kind} {key} does not exist");
            return;
        }

        Marks.Mirror(work.Conditions, "DependencyReady", dependency, kind);
        if (!dependency.IsReady && work.Conditions["DependencyReady"]!.Status == ConditionStatus.True)
        {
            work.Conditions.MarkUnknown("DependencyReady", "GenerationNotEqual",
                $"{kind} {key} was changed and is not reconciled yet");
        }
    }

    private static void MarkNotLoaded(Conditions conditions, RoutingMark mark) =>
        conditions.MarkUnknown("SubscriptionReady", "RoutingTableNotLoaded",
            $"Waiting for the functions to load routing table {mark.Generation}");
}
