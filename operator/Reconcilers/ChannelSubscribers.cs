// Which Subscriptions a Channel has, and how its spec and status show them.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>The subscribers of a Channel, in Knative's two notations.</summary>
internal static class ChannelSubscribers
{
    /// <summary>The Subscriptions of a Channel that have an address to deliver to, in a stable order.</summary>
    public static List<(ResourceType Type, Resource Subscription)> Of(
        ReconcilerParts parts, ResourceType channelType, Resource channel) =>
        parts.Kinds.Subscriptions
            .SelectMany(type => parts.Informers[type].All.Select(item => (Type: type, Subscription: item)))
            .Where(pair => !pair.Subscription.IsDeleting
                && pair.Subscription.Status.Object("physicalSubscription") is not null
                && Names(pair.Subscription, pair.Type, channelType, channel))
            .OrderBy(pair => pair.Subscription.Uid, StringComparer.Ordinal)
            .ToList();

    /// <summary>Whether a Subscription names this Channel.</summary>
    public static bool Names(
        Resource subscription, ResourceType subscriptionType, ResourceType channelType, Resource channel) =>
        subscription.Namespace == channel.Namespace
        && subscription.Spec.Text("channel", "name") == channel.Name
        && ChannelOf(subscription, subscriptionType).Kind == channelType.GroupKind;

    /// <summary>The Channel a Subscription names; without apiVersion one of the Subscription's group.</summary>
    public static ObjectRef ChannelOf(Resource subscription, ResourceType subscriptionType)
    {
        var reference = subscription.Spec.At("channel");
        return new ObjectRef(
            GroupKind.Of(
                reference.NonEmpty("apiVersion") ?? subscriptionType.ApiVersion,
                reference.NonEmpty("kind") ?? "Channel"),
            subscription.Namespace,
            reference.Text("name") ?? "");
    }

    /// <summary>An entry of the Channel's <c>spec…subscribers</c>.</summary>
    public static JsonNode Spec((ResourceType Type, Resource Subscription) subscriber, bool old)
    {
        var subscription = subscriber.Subscription;
        var physical = subscription.Status.At("physicalSubscription");
        var entry = new JsonObject { ["uid"] = subscription.Uid, ["generation"] = subscription.Generation };
        if (old)
        {
            entry["ref"] = new JsonObject
            {
                ["name"] = subscription.Name,
                ["namespace"] = subscription.Namespace,
                ["uid"] = subscription.Uid,
            };
        }
        else
        {
            entry["name"] = subscription.Name;
        }

        Copy(entry, old ? "subscriberURI" : "subscriberUri",
            physical.NonEmpty("subscriberURI") ?? physical.NonEmpty("subscriberUri"));
        Copy(entry, old ? "replyURI" : "replyUri", physical.NonEmpty("replyURI") ?? physical.NonEmpty("replyUri"));
        return entry;
    }

    /// <summary>An entry of the Channel's status.</summary>
    public static JsonNode Status((ResourceType Type, Resource Subscription) subscriber) => new JsonObject
    {
        ["uid"] = subscriber.Subscription.Uid,
        ["observedGeneration"] = subscriber.Subscription.Generation,
        ["ready"] = subscriber.Subscription.IsReady ? "True" : "Unknown",
    };

    private static void Copy(JsonObject into, string name, string? value)
    {
        if (value is not null)
        {
            into[name] = value;
        }
    }
}
