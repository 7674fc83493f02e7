// The Channels and Subscriptions that a Sequence or Parallel is made of.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Flows;

/// <summary>
/// One reconcile of one flow: makes children, keeps count of how they are, and deletes those that the spec no longer
/// asks for. A flow touches neither the bus nor the routing table: its children do.
/// </summary>
internal sealed class FlowChildren(ReconcilerParts parts, ResourceType flowType, Reconcile work)
{
    private readonly HashSet<string> _channels = [];
    private readonly HashSet<string> _subscriptions = [];
    private bool _channelsReady = true;
    private bool _subscriptionsReady = true;
    private string? _problem;

    /// <summary>The kind of Channel the flow's template asks for; null when we serve no such kind.</summary>
    public ResourceType? ChannelType => work.Object.Spec.NonEmpty("channelTemplate", "kind") switch
    {
        "Channel" => ResourceTypes.Channel,
        "InMemoryChannel" => ResourceTypes.InMemoryChannel,
        null or "ServiceBusChannel" => ResourceTypes.ServiceBusChannel,
        _ => null,
    };

    /// <summary>A Channel of the template's kind; its status entry.</summary>
    public async Task<(Resource? Channel, JsonObject Status)> ChannelAsync(
        string name, CancellationToken cancellationToken)
    {
        var type = ChannelType!;
        _channels.Add(name);
        var outcome = await parts.Children.EnsureAsync(
            flowType,
            work.Object,
            type,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name },
                ["spec"] = work.Object.Spec.Object("channelTemplate", "spec")?.DeepClone() ?? new JsonObject(),
            },
            cancellationToken);
        _problem ??= outcome.Message;
        _channelsReady &= outcome.Child is { IsReady: true };
        return (outcome.Child, new JsonObject
        {
            ["channel"] = Reference(type, name),
            ["ready"] = Ready(outcome.Child, outcome.Reason, outcome.Message),
        });
    }

    /// <summary>A Subscription of one of the flow's Channels; its status entry.</summary>
    public async Task<JsonObject> SubscriptionAsync(
        string name,
        string channel,
        JsonNode? subscriber,
        JsonNode? reply,
        JsonNode? delivery,
        CancellationToken cancellationToken)
    {
        _subscriptions.Add(name);
        var key = new ResourceKey(work.Object.Namespace, name);
        var there = parts.Informers[ResourceTypes.Subscription].Get(key);
        var spec = new JsonObject
        {
            ["channel"] = Reference(ChannelType!, channel),
            ["subscriber"] = Instead(Destination(subscriber), there?.Spec.At("subscriber")),
            ["reply"] = Instead(Destination(reply), there?.Spec.At("reply")),
            ["delivery"] = Instead(delivery?.DeepClone(), there?.Spec.At("delivery")),
        };
        spec.Object("channel")!.Remove("namespace");
        if (there is { IsDeleting: false }
            && there.Controller?.Uid == work.Object.Uid
            && there.Spec.Text("channel", "kind") != ChannelType!.Kind)
        {
            // A Subscription's Channel cannot be changed; the next look makes it anew.
            await parts.Client.DeleteAsync(ResourceTypes.Subscription, there, cancellationToken);
        }

        var outcome = await parts.Children.EnsureAsync(
            flowType,
            work.Object,
            ResourceTypes.Subscription,
            new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec },
            cancellationToken);
        _problem ??= outcome.Message;
        _subscriptionsReady &= outcome.Child is { IsReady: true };
        return new JsonObject
        {
            ["subscription"] = Reference(ResourceTypes.Subscription, name),
            ["ready"] = Ready(outcome.Child, outcome.Reason, outcome.Message),
        };
    }

    /// <summary>A reference to one of the flow's own Channels, as a Destination.</summary>
    public JsonObject To(string channel) => new() { ["ref"] = Reference(ChannelType!, channel) };

    /// <summary>Deletes children the spec no longer asks for, Subscriptions first, and marks the conditions.</summary>
    public async Task<ReconcileResult> FinishAsync(Resource? entrance, CancellationToken cancellationToken)
    {
        await PruneAsync(ResourceTypes.Subscription, _subscriptions, cancellationToken);
        foreach (var type in ResourceTypes.Channels.Where(type => type.Group == ResourceTypes.MessagingGroup))
        {
            await PruneAsync(type, type == ChannelType ? _channels : [], cancellationToken);
        }

        var conditions = work.Conditions;
        Mark("ChannelsReady", _channelsReady, "Channels");
        Mark("SubscriptionsReady", _subscriptionsReady, "Subscriptions");
        if (entrance?.Status.NonEmpty("address", "url") is { } url)
        {
            work.Status["address"] = new JsonObject { ["url"] = url };
            conditions.MarkTrue("Addressable");
        }
        else
        {
            conditions.MarkUnknown("Addressable", "emptyAddress", "The first Channel has no address yet");
        }

        conditions.MarkTrue("EventPoliciesReady", "DefaultAuthorizationMode", "No event policy applies.");
        return _problem is null ? ReconcileResult.Done : ReconcileResult.Again(TimeSpan.FromSeconds(2));
    }

    /// <summary>The template names a kind of Channel that is not ours to make.</summary>
    public ReconcileResult RefuseTemplate()
    {
        var kind = work.Object.Spec.NonEmpty("channelTemplate", "kind");
        foreach (var condition in new[] { "ChannelsReady", "SubscriptionsReady", "Addressable" })
        {
            work.Conditions.MarkFalse(condition, "ChannelTemplateInvalid",
                $"spec.channelTemplate.kind is '{kind}'; it must be ServiceBusChannel, InMemoryChannel or Channel");
        }

        work.Conditions.MarkTrue("EventPoliciesReady");
        return ReconcileResult.Done;
    }

    private void Mark(string condition, bool areReady, string what)
    {
        if (areReady)
        {
            work.Conditions.MarkTrue(condition);
        }
        else
        {
            work.Conditions.MarkUnknown(
                condition, $"{what}NotReady", _problem ?? $"{what} are not ready yet; the status lists each");
        }
    }

    private async Task PruneAsync(ResourceType type, HashSet<string> wanted, CancellationToken cancellationToken)
    {
        var left = parts.Informers[type].All.Where(item => item.Namespace == work.Object.Namespace
            && item.Controller?.Uid == work.Object.Uid && !item.IsDeleting && !wanted.Contains(item.Name)).ToList();
        foreach (var item in left)
        {
            await parts.Client.DeleteAsync(type, item, cancellationToken);
        }
    }

    // A step carries its delivery beside its destination; a Subscription has it elsewhere.
    private static JsonObject? Destination(JsonNode? json)
    {
        if (json is not JsonObject { Count: > 0 })
        {
            return null;
        }

        var copy = (JsonObject)json.DeepClone();
        copy.Remove("delivery");
        return copy;
    }

    // A patch adds fields to what is there; null for each that is not wanted makes it a replacement.
    private static JsonNode? Instead(JsonNode? wanted, JsonNode? there)
    {
        if (wanted is JsonObject fields && there is JsonObject old)
        {
            foreach (var (name, value) in old)
            {
                fields[name] = Instead(fields[name]?.DeepClone(), value);
            }
        }

        return wanted;
    }

    private JsonObject Reference(ResourceType type, string name) => new()
    {
        ["apiVersion"] = type.ApiVersion,
        ["kind"] = type.Kind,
        ["name"] = name,
        ["namespace"] = work.Object.Namespace,
    };

    private static JsonObject Ready(Resource? child, string? reason, string? message) =>
        (child?.Condition(ConditionSet.Ready) as JsonObject)?.DeepClone() as JsonObject ?? new JsonObject
        {
            ["type"] = ConditionSet.Ready,
            ["status"] = "Unknown",
            ["reason"] = reason ?? "NotReady",
            ["message"] = message ?? "Not reconciled yet",
        };
}
