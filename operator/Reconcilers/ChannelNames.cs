// What the four kinds of Channel call the same things.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>One kind of Channel: which of its conditions means what.</summary>
internal sealed record ChannelNames
{
    /// <summary>The condition that says the topic is there.</summary>
    public required string Topic { get; init; }

    public required ConditionSet Conditions { get; init; }

    /// <summary>Conditions that say nothing here and are True: Knative's tools expect to find them.</summary>
    public IReadOnlyList<string> AlwaysTrue { get; init; } = [];

    /// <summary>v0.7's statuses: a host name in the address, subscribers under <c>subscribable</c>.</summary>
    public bool IsOld { get; init; }

    public static ChannelNames Of(ResourceType type) => type.Kind switch
    {
        "Channel" when type.Group == ResourceTypes.EventingGroup => new ChannelNames
        {
            Topic = "Provisioned",
            Conditions = new ConditionSet("Provisioned", "Addressable", "ProvisionerInstalled"),
            AlwaysTrue = ["ProvisionerInstalled"],
            IsOld = true,
        },
        "Channel" => new ChannelNames
        {
            Topic = "BackingChannelReady",
            Conditions = new ConditionSet(
                "BackingChannelReady", "Addressable", "DeadLetterSinkResolved", "EventPoliciesReady"),
            AlwaysTrue = ["EventPoliciesReady"],
        },
        "InMemoryChannel" => new ChannelNames
        {
            Topic = "ChannelServiceReady",
            Conditions = new ConditionSet(
                "ServiceReady", "EndpointsReady", "Addressable", "ChannelServiceReady", "DeadLetterSinkResolved",
                "EventPoliciesReady"),
            AlwaysTrue = ["ServiceReady", "EndpointsReady", "EventPoliciesReady"],
        },
        _ => new ChannelNames
        {
            Topic = "TopicReady",
            Conditions = new ConditionSet("TopicReady", "Addressable", "DeadLetterSinkResolved"),
        },
    };
}
