// A Broker becomes two Channels, the Subscription between them, two Services and an ingress.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>Brokers of our class.</summary>
/// <remarks>
/// <code>
///                         ┌───────────── replies ◄── functions
///   producers             ▼
///      │          {broker}-kn-ingress ──internal-ingress-{broker}──┐   (forwarded by the bus itself)
///      └─ ingress ─────────────────► {broker}-kn-trigger ◄─────────┘ ──► a Subscription per Trigger
///
///   made     1 Channels and Services   2 the Subscription   3 ingress in the table   4 Ready when it is loaded
///   deleted  1 ingress out of the table   2 the rest: each Channel sees that no ingress feeds it any more
/// </code>
/// </remarks>
public sealed class BrokerReconciler(ReconcilerParts parts) : IObjectReconciler
{
    // Azure Functions keeps these first path segments for itself.
    private static readonly string[] ReservedNamespaces = ["admin", "runtime"];

    private readonly Dispatchers _dispatchers = new(parts, ResourceTypes.Broker);

    public ResourceType Type => ResourceTypes.Broker;

    /// <summary>Causes before what follows from them: Ready speaks for the first.</summary>
    public ConditionSet? Conditions { get; } = new(
        "TriggerChannelReady", "IngressChannelReady", "IngressSubscriptionReady", "FilterReady", "Addressable",
        "DeadLetterSinkResolved", "EventPoliciesReady", "IngressReady");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => parts.BrokerClass.IsOurs(resource);

    /// <summary>The address of a Broker.</summary>
    public static string Address(ReconcilerParts parts, string @namespace, string broker) =>
        $"http://{parts.IngressHost}{Addresses.BrokerPath(@namespace, broker)}";

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var broker = work.Object;

        // One that had this name before may have gone unseen: while no operator ran, or with this one at its heels.
        CloseIngresses(broker.Key, except: broker.Uid);
        if (ReservedNamespaces.Contains(broker.Namespace))
        {
            work.Conditions.MarkFalse("IngressReady", "NamespaceReserved",
                $"Azure Functions keeps the path '/{broker.Namespace}' for itself: use another namespace");
            return ReconcileResult.Done;
        }

        work.Conditions.MarkTrue("EventPoliciesReady", "DefaultAuthorizationMode", "No event policy applies.");
        var delivery = DeliverySpec.Read(broker.Spec.At("delivery"), out var problem) ?? DeliverySpec.BrokerDefault;
        Marks.DeadLetterSink(work, parts.Resolver, delivery);
        if (problem is not null)
        {
            work.Conditions.MarkFalse("DeadLetterSinkResolved", "DeliveryInvalid", problem);
        }

        var triggers = await ChannelAsync(
            work, "TriggerChannelReady", BrokerNames.TriggerChannel(broker.Name), BrokerNames.TriggerChannelLabel,
            cancellationToken);
        var replies = await ChannelAsync(
            work, "IngressChannelReady", BrokerNames.IngressChannel(broker.Name), BrokerNames.IngressChannelLabel,
            cancellationToken);
        await SubscriptionAsync(work, cancellationToken);
        var result = await WorkloadsAsync(work, cancellationToken);
        ShowChannels(work.Status, triggers, replies);
        result = result.Or(work.Conditions["TriggerChannelReady"]!.Status == ConditionStatus.True
            ? OpenIngress(work, triggers)
            : NotYet(work, triggers));
        if (parts.BrokerClass.Problem(broker) is { } changed)
        {
            work.Conditions.MarkFalse("IngressReady", "Immutable", changed);
        }

        return result;
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    /// <summary>
    /// Closes the ingress and deletes what the gone Broker owned. The cluster's garbage collector does the same; this
    /// does not wait for it.
    /// </summary>
    public async Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        var present = parts.Informers[Type].Get(key);
        var ours = present is not null && IsOurs(present) ? present.Uid : null;
        CloseIngresses(key, except: ours);
        ResourceType[] kinds =
        [
            ResourceTypes.OwnedSubscription, ResourceTypes.OwnedChannel, ResourceTypes.Service,
            ResourceTypes.Deployment, ResourceTypes.ScaledObject,
        ];
        foreach (var kind in kinds)
        {
            var left = parts.Informers[kind].All.Where(item => item.Namespace == key.Namespace && !item.IsDeleting
                && item.Controller is { } owner && owner.Kind == Type.GroupKind && owner.Name == key.Name
                && owner.Uid != present?.Uid);
            foreach (var child in left.ToList())
            {
                await parts.Client.DeleteAsync(kind, child, cancellationToken);
            }
        }
    }

    private void CloseIngresses(ResourceKey key, string? except) => parts.Routing.Remove(
        ingress => ingress.Kind == IngressKind.Broker && ingress.Uid != except
            && ingress.Namespace == key.Namespace && ingress.Name == key.Name);

    private async Task<Resource?> ChannelAsync(
        Reconcile work, string condition, string name, string label, CancellationToken cancellationToken)
    {
        var outcome = await parts.Children.EnsureAsync(
            Type,
            work.Object,
            ResourceTypes.OwnedChannel,
            new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["name"] = name,
                    ["labels"] = new JsonObject
                    {
                        [BrokerNames.BrokerLabel] = work.Object.Name,
                        [label] = "true",
                    },
                    ["annotations"] = ChannelAnnotations(work.Object, label == BrokerNames.TriggerChannelLabel),
                },
                ["spec"] = new JsonObject
                {
                    ["provisioner"] = new JsonObject
                    {
                        ["apiVersion"] = ResourceTypes.Provisioner.ApiVersion,
                        ["kind"] = ResourceTypes.Provisioner.Kind,
                        ["name"] = ProvisionerReconciler.ServiceBus,
                    },
                },
            },
            cancellationToken);
        MarkChild(work, condition, outcome, "Channel");
        return outcome.Child;
    }

    // What Knative's Broker passes on, and what makes the topic of its events what it is.
    private static JsonObject ChannelAnnotations(Resource broker, bool ofEvents)
    {
        var annotations = new JsonObject();
        foreach (var (name, value) in broker.Json.Map("metadata", "annotations"))
        {
            if (name.StartsWith("messaging.knative.dev/", StringComparison.Ordinal))
            {
                annotations[name] = value;
            }
        }

        annotations[Deletion.Annotation] = broker.Annotation(Deletion.Annotation);
        if (ofEvents)
        {
            annotations[DuplicateDetection.Annotation] = broker.Annotation(DuplicateDetection.Annotation);
        }

        return annotations;
    }

    private async Task SubscriptionAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var broker = work.Object;
        var outcome = await parts.Children.EnsureAsync(
            Type,
            broker,
            ResourceTypes.OwnedSubscription,
            new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["name"] = BrokerNames.IngressSubscription(broker.Name),
                    ["labels"] = new JsonObject { [BrokerNames.BrokerLabel] = broker.Name },
                },
                ["spec"] = new JsonObject
                {
                    ["channel"] = new JsonObject
                    {
                        ["apiVersion"] = ResourceTypes.OwnedChannel.ApiVersion,
                        ["kind"] = ResourceTypes.OwnedChannel.Kind,
                        ["name"] = BrokerNames.IngressChannel(broker.Name),
                    },
                    ["subscriber"] = new JsonObject { ["uri"] = $"http://{HostName(broker)}" },
                },
            },
            cancellationToken);
        MarkChild(work, "IngressSubscriptionReady", outcome, "Subscription");
    }

    // Services always; behind them the shared functions, or deployments of the Broker's own.
    private async Task<ReconcileResult> WorkloadsAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var broker = work.Object;
        work.RefersTo(new ObjectRef(ResourceTypes.Namespace.GroupKind, "", broker.Namespace));
        var isDedicated = Dispatch.OfBroker(
            broker, parts.Informers[ResourceTypes.Namespace].Get(new ResourceKey("", broker.Namespace)));
        var filter = BrokerNames.Dispatcher(
            parts, broker.Namespace, broker.Name, DispatchNames.OfBroker(broker.Name));
        var ingress = filter with
        {
            Name = DispatchNames.IngressOf(broker.Name),
            Role = DispatchNames.Ingress,
        };
        await ServiceAsync(
            work, BrokerNames.FilterService(broker.Name), filter, isDedicated, "FilterReady", cancellationToken);
        await ServiceAsync(
            work, BrokerNames.IngressService(broker.Name), ingress, isDedicated, "Addressable", cancellationToken);
        if (Dispatch.ProblemOf(broker) is { } problem)
        {
            work.Conditions.MarkFalse("FilterReady", "DispatchInvalid", problem);
        }

        if (isDedicated)
        {
            await _dispatchers.EnsureIngressAsync(work, ingress, "Addressable", cancellationToken);
            return await _dispatchers.EnsureFilterAsync(work, filter, "FilterReady", cancellationToken);
        }

        var result = await _dispatchers.RemoveAsync(broker, filter.Name, cancellationToken);
        return result.Or(await _dispatchers.RemoveAsync(broker, ingress.Name, cancellationToken));
    }

    private async Task ServiceAsync(
        Reconcile work,
        string name,
        Dispatcher dispatcher,
        bool isDedicated,
        string condition,
        CancellationToken cancellationToken)
    {
        var outcome = await ExternalNames.EnsureAsync(
            parts,
            Type,
            work,
            name,
            dispatcher.Labels(),
            isDedicated ? dispatcher.Labels() : null,
            cancellationToken);
        if (outcome.Reason is { } reason)
        {
            work.Conditions.MarkFalse(condition, reason, outcome.Message!);
        }
        else
        {
            work.Conditions.MarkTrue(condition);
        }
    }

    private static void MarkChild(Reconcile work, string condition, ChildOutcome outcome, string kind)
    {
        if (outcome.Child is { } child)
        {
            Marks.Mirror(work.Conditions, condition, child, kind);
        }
        else
        {
            work.Conditions.MarkFalse(condition, outcome.Reason!, outcome.Message!);
        }
    }

    // As the topic is, which may not be as the annotation has come to say.
    private bool DropsDuplicates(Resource broker, Resource? channel)
    {
        var isAsked = DuplicateDetection.Of(broker).Window is not null;
        return channel is not null && parts.Bus.IsInForce(
            ChannelReconciler.Topic(channel), BusOwner.Of(ResourceTypes.OwnedChannel, channel))
            ? isAsked
            : parts.Routing.FindIngress(broker.Uid)?.DropsDuplicates ?? isAsked;
    }

    private ReconcileResult OpenIngress(Reconcile work, Resource? triggers)
    {
        var broker = work.Object;
        var mark = parts.Routing.Put(new Ingress
        {
            Uid = broker.Uid,
            Kind = IngressKind.Broker,
            Namespace = broker.Namespace,
            Name = broker.Name,
            Path = Addresses.BrokerPath(broker.Namespace, broker.Name),
            Hosts = [Addresses.BrokerHost(broker.Namespace, broker.Name)],
            Topic = BrokerNames.TriggerTopic(broker.Namespace, broker.Name),
            DropsDuplicates = DropsDuplicates(broker, triggers),
            Lanes = [EntityNames.TriggersLane],
        });
        work.Status["address"] = new JsonObject
        {
            ["name"] = "http",
            ["url"] = Address(parts, broker.Namespace, broker.Name),
            ["hostname"] = HostName(broker),
        };
        if (parts.Barrier.Reach(mark.Generation, parts.RefOf(Type, broker)) == RoutingReach.Loaded)
        {
            work.Conditions.MarkTrue("IngressReady");
            return ReconcileResult.Done;
        }

        work.Conditions.MarkUnknown("IngressReady", "RoutingTableNotLoaded",
            $"Waiting for the functions to load routing table {mark.Generation}");
        return ReconcileResult.Again(ReconcilerParts.SafetyLook);
    }

    // An ingress that is open stays open: the bus may not answer right now, the topic is there all the same. Where the
    // table was lost, the Broker itself says whether it was.
    private ReconcileResult NotYet(Reconcile work, Resource? triggers)
    {
        if (parts.Routing.HasIngress(work.Object.Uid)
            || (parts.Routing.IsRebuilt && work.Object.Condition("IngressReady").Text("status") == "True"))
        {
            return OpenIngress(work, triggers);
        }

        work.Conditions.MarkUnknown("IngressReady", "TriggerChannelNotReady", "Waiting for the trigger Channel");
        return ReconcileResult.Again(TimeSpan.FromSeconds(5));
    }

    private string HostName(Resource broker) =>
        $"{Addresses.BrokerHost(broker.Namespace, broker.Name)}.{parts.ClusterDomain}";

    private static void ShowChannels(JsonObject status, Resource? triggers, Resource? replies)
    {
        if (triggers is not null)
        {
            status["triggerChannel"] = Reference(triggers);
            status["annotations"] = new JsonObject
            {
                ["knative.dev/channelAPIVersion"] = ResourceTypes.OwnedChannel.ApiVersion,
                ["knative.dev/channelKind"] = ResourceTypes.OwnedChannel.Kind,
                ["knative.dev/channelName"] = triggers.Name,
                ["knative.dev/channelAddress"] = triggers.Status.Text("address", "url") ?? "",
            };
        }

        if (replies is not null)
        {
            // The capital is v0.7's own.
            status["IngressChannel"] = Reference(replies);
        }
    }

    private static JsonObject Reference(Resource channel) => new()
    {
        ["apiVersion"] = ResourceTypes.OwnedChannel.ApiVersion,
        ["kind"] = ResourceTypes.OwnedChannel.Kind,
        ["namespace"] = channel.Namespace,
        ["name"] = channel.Name,
    };
}
