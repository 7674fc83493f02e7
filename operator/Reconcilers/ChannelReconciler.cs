// A Channel, of any of the four kinds, becomes a Service Bus topic with an address.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>One kind of Channel.</summary>
/// <remarks>
/// <code>
///   made     1 topic {ns}.{channel}   2 Services   3 ingress in the table   4 address, Ready when it is loaded
///   deleted  1 every ingress of the topic out of the table, loaded   2 topic deleted
/// </code>
/// </remarks>
public sealed class ChannelReconciler(ResourceType type, ReconcilerParts parts) : IObjectReconciler
{
    private const int MaxTopicName = 260;
    private readonly ChannelNames _names = ChannelNames.Of(type);
    private readonly ForeignSubscribers _foreign = new(parts, type);

    public ResourceType Type => type;

    public ConditionSet? Conditions => _names.Conditions;

    public bool HasFinalizer => true;

    /// <summary>A Channel that asks for another implementation is left to it.</summary>
    public bool IsOurs(Resource resource) => _names.IsOld
        ? resource.Spec.NonEmpty("provisioner", "name") is not { } name || ProvisionerReconciler.Serves(name)
        : resource.Spec.NonEmpty("channelTemplate", "kind") is null or "InMemoryChannel" or "ServiceBusChannel";

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        foreach (var always in _names.AlwaysTrue)
        {
            work.Conditions.MarkTrue(always);
        }

        var channel = work.Object;
        var result = Deliveries(work);
        var statuses = await ShowSubscribersAsync(work, cancellationToken);
        var topic = Topic(channel);
        if (topic.Name.Length > MaxTopicName)
        {
            work.Conditions.MarkFalse(_names.Topic, "NameTooLong",
                $"Topic name '{topic.Name}' has {topic.Name.Length} characters, Service Bus allows {MaxTopicName}");
            return result;
        }

        if (DuplicateDetection.Of(channel).Problem is { } problem)
        {
            work.Conditions.MarkFalse(_names.Topic, "DuplicateDetectionInvalid", problem);
            return result;
        }

        var owner = BusOwner.Of(type, channel);
        var outcome = await parts.Bus.EnsureAsync(topic, owner, () => WakeSubscriptions(channel), cancellationToken);
        var isInForce = parts.Bus.IsInForce(topic, owner);
        result = result.Or(Marks.Bus(work, _names.Topic, outcome, isInForce));
        if (!isInForce)
        {
            work.Conditions.MarkUnknown("Addressable", "TopicNotReady", "The topic is not there yet");
            return result;
        }

        result = result.Or(await _foreign.ReconcileAsync(work, topic.Name, statuses, cancellationToken));
        if (statuses.Count > 0)
        {
            work.Status[_names.IsOld ? "subscribablestatus" : "subscribers"] =
                _names.IsOld ? new JsonObject { ["subscribers"] = statuses } : statuses;
        }

        return result.Or(await AddressAsync(work, topic, cancellationToken))
            .Or(ReconcileResult.Again(parts.Bus.DriftPeriod));
    }

    public async Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken)
    {
        var topic = Topic(resource);
        if (parts.Bus.IsInForce(topic, BusOwner.Of(type, resource)) || parts.Routing.HasIngress(resource.Uid))
        {
            // No event may be answered 202 for a topic that is about to go; a Broker's own ingress feeds it too.
            var mark = parts.Routing.Remove(ingress => ingress.Topic == topic.Name);
            if (parts.Reach(mark, parts.RefOf(type, resource)) == RoutingReach.Pending)
            {
                return ReconcileResult.Again(ReconcilerParts.SafetyLook);
            }
        }

        parts.Routing.Remove(ingress => ingress.Uid == resource.Uid);
        if (Deletion.Detaches(resource))
        {
            // Also while the bus does not answer: who asks for this wants the object gone.
            await parts.Bus.DetachAsync(topic, BusOwner.Of(type, resource), cancellationToken);
            return ReconcileResult.Done;
        }

        // A topic whose name the bus does not take was never made.
        return topic.Name.Length > MaxTopicName
            ? ReconcileResult.Done
            : await new Deletion(parts, type).RunAsync(resource, [topic], cancellationToken);
    }

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        var live = parts.Informers[type].Get(key)?.Uid;
        if (live is null)
        {
            _foreign.Forget(key);
        }

        if (!parts.AreServed(parts.Kinds.Channels))
        {
            return Task.CompletedTask;
        }

        parts.Routing.Remove(ingress => ingress.Kind == IngressKind.Channel && ingress.Uid != live
            && ingress.Namespace == key.Namespace && ingress.Name == key.Name && !LivesInOtherKind(ingress));
        return Task.CompletedTask;
    }

    // Two kinds may have Channels of one name; only one has the topic, and its ingress must stay.
    private bool LivesInOtherKind(Ingress ingress) => parts.Kinds.Channels
        .Where(other => other != type)
        .Select(other => parts.Informers[other].Get(new ResourceKey(ingress.Namespace, ingress.Name)))
        .Any(other => other?.Uid == ingress.Uid);

    /// <summary>The topic of a Channel.</summary>
    internal static BusTopic Topic(Resource channel)
    {
        var asked = DuplicateDetection.Of(channel).Window;
        // Replies are published with a MessageId of their own by whoever takes the step, maybe twice.
        var isOfReplies = channel.Label(BrokerNames.IngressChannelLabel) == "true"
            && channel.Controller?.Kind == ResourceTypes.Broker.GroupKind;
        var topic = new BusTopic(EntityNames.Topic(channel.Namespace, channel.Name))
        {
            RequiresDuplicateDetection = isOfReplies || asked is not null,
        };
        return asked is { } window && !isOfReplies ? topic with { DuplicateDetectionWindow = window } : topic;
    }

    private ReconcileResult Deliveries(Reconcile work)
    {
        if (!_names.Conditions.Dependents.Contains("DeadLetterSinkResolved"))
        {
            return ReconcileResult.Done;
        }

        var delivery = DeliverySpec.Read(work.Object.Spec.At("delivery"), out var problem);
        if (problem is not null)
        {
            work.Conditions.MarkFalse("DeadLetterSinkResolved", "DeliveryInvalid", problem);
            return ReconcileResult.Done;
        }

        Marks.DeadLetterSink(work, parts.Resolver, delivery ?? new DeliverySpec());
        return ReconcileResult.Done;
    }

    private async Task<ReconcileResult> AddressAsync(
        Reconcile work, BusTopic topic, CancellationToken cancellationToken)
    {
        var channel = work.Object;
        var hosts = new List<string> { Addresses.ChannelHost(channel.Namespace, channel.Name) };
        if (_names.IsOld)
        {
            var suffix = channel.Uid[..Math.Min(5, channel.Uid.Length)];
            hosts.Add($"{channel.Name}-channel-{suffix}.{channel.Namespace}.svc");
        }

        foreach (var host in hosts)
        {
            var labels = new JsonObject { ["messaging.knative.dev/channel"] = channel.Name };
            var service = await ExternalNames.EnsureAsync(
                parts, type, work, host[..host.IndexOf('.')], labels, null, cancellationToken);
            if (service.Reason is { } reason)
            {
                work.Conditions.MarkFalse("Addressable", reason, service.Message!);
                return ReconcileResult.Again(TimeSpan.FromSeconds(10));
            }
        }

        var mark = parts.Routing.Put(new Ingress
        {
            Uid = channel.Uid,
            Kind = IngressKind.Channel,
            Namespace = channel.Namespace,
            Name = channel.Name,
            Path = Addresses.ChannelPath(channel.Namespace, channel.Name),
            Hosts = hosts,
            Topic = topic.Name,
            DropsDuplicates = DuplicateDetection.Of(channel).Window is not null,
            Lanes = [EntityNames.SubscriptionsLane],
        });
        var address = new JsonObject { ["url"] = $"http://{hosts[0]}.{parts.ClusterDomain}" };
        if (_names.IsOld)
        {
            address["hostname"] = $"{hosts[1]}.{parts.ClusterDomain}";
        }

        work.Status["address"] = address;
        if (parts.Barrier.Reach(mark.Generation, parts.RefOf(type, channel)) != RoutingReach.Loaded)
        {
            work.Conditions.MarkUnknown("Addressable", "RoutingTableNotLoaded",
                $"Waiting for the functions to load routing table {mark.Generation}");
            return ReconcileResult.Again(ReconcilerParts.SafetyLook);
        }

        work.Conditions.MarkTrue("Addressable");
        return ReconcileResult.Done;
    }

    // `kubectl describe channel` shows who gets its events, as it does in Knative.
    private async Task<JsonArray> ShowSubscribersAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var channel = work.Object;
        var subscriptions = ChannelSubscribers.Of(parts, type, channel);
        var wanted = new JsonArray(subscriptions.Select(s => ChannelSubscribers.Spec(s, _names.IsOld))
            .Concat(_foreign.Of(channel).Select(entry => entry.DeepClone())).ToArray());
        string[] path = _names.IsOld ? ["subscribable", "subscribers"] : ["subscribers"];
        var present = channel.Spec.At(path) ?? new JsonArray();
        if (!JsonNode.DeepEquals(present, wanted))
        {
            JsonNode change = new JsonObject { ["subscribers"] = wanted };
            await parts.Client.PatchAsync(
                type,
                channel.Key,
                new JsonObject { ["spec"] = _names.IsOld ? new JsonObject { ["subscribable"] = change } : change },
                cancellationToken);
        }

        return new JsonArray(subscriptions.Select(ChannelSubscribers.Status).ToArray());
    }

    private void WakeSubscriptions(Resource channel)
    {
        foreach (var subscriptions in parts.Kinds.Subscriptions)
        {
            foreach (var subscription in parts.Informers[subscriptions].All
                .Where(item => ChannelSubscribers.Names(item, subscriptions, type, channel)))
            {
                parts.Wake(parts.RefOf(subscriptions, subscription));
            }
        }
    }
}
