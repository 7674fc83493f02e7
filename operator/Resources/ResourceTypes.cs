// The kinds the operator knows by heart.
namespace ServerlessEventing.Operator.Resources;

/// <summary>Watched from the start; other kinds are discovered when something refers to them.</summary>
public static class ResourceTypes
{
    public const string EventingGroup = "eventing.knative.dev";
    public const string MessagingGroup = "messaging.knative.dev";
    public const string FlowsGroup = "flows.knative.dev";
    public const string SourcesGroup = "sources.knative.dev";

    /// <summary>v0.7's group of sources.</summary>
    public const string OldSourcesGroup = "sources.eventing.knative.dev";

    public static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", Namespaced: false);
    public static readonly ResourceType Service = new("", "v1", "services", "Service");
    public static readonly ResourceType ConfigMap = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceType Lease = new("coordination.k8s.io", "v1", "leases", "Lease");
    public static readonly ResourceType Event = new("", "v1", "events", "Event");

    /// <summary>Label of the workloads we make; only those are watched.</summary>
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";
    public const string ManagedBy = "eventing-operator";

    public static readonly ResourceType Deployment = new("apps", "v1", "deployments", "Deployment")
    {
        LabelSelector = $"{ManagedByLabel}={ManagedBy}",
    };

    /// <summary>KEDA's; a cluster without KEDA does not serve it.</summary>
    public static readonly ResourceType ScaledObject = new("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")
    {
        LabelSelector = $"{ManagedByLabel}={ManagedBy}",
    };

    public static readonly ResourceType Broker = new(EventingGroup, "v1", "brokers", "Broker");
    public static readonly ResourceType Trigger = new(EventingGroup, "v1", "triggers", "Trigger");

    /// <summary>v0.7's Channel; also the kind of the two Channels a Broker owns.</summary>
    public static readonly ResourceType OwnedChannel = new(EventingGroup, "v1alpha1", "channels", "Channel");

    /// <summary>v0.7's Subscription; also the kind a Trigger owns.</summary>
    public static readonly ResourceType OwnedSubscription =
        new(EventingGroup, "v1alpha1", "subscriptions", "Subscription");

    public static readonly ResourceType Provisioner =
        new(EventingGroup, "v1alpha1", "clusterchannelprovisioners", "ClusterChannelProvisioner", Namespaced: false);

    public static readonly ResourceType Channel = new(MessagingGroup, "v1", "channels", "Channel");
    public static readonly ResourceType InMemoryChannel =
        new(MessagingGroup, "v1", "inmemorychannels", "InMemoryChannel");

    public static readonly ResourceType ServiceBusChannel =
        new(MessagingGroup, "v1", "servicebuschannels", "ServiceBusChannel");

    public static readonly ResourceType Subscription = new(MessagingGroup, "v1", "subscriptions", "Subscription");

    public static readonly ResourceType EventType = new(EventingGroup, "v1beta2", "eventtypes", "EventType");
    public static readonly ResourceType Sequence = new(FlowsGroup, "v1", "sequences", "Sequence");
    public static readonly ResourceType Parallel = new(FlowsGroup, "v1", "parallels", "Parallel");

    public static readonly ResourceType PingSource = new(SourcesGroup, "v1", "pingsources", "PingSource");
    public static readonly ResourceType CronJobSource =
        new(OldSourcesGroup, "v1alpha1", "cronjobsources", "CronJobSource");

    public static readonly ResourceType SubjectAccessReview = new(
        "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", Namespaced: false);

    public static readonly ResourceType ApiServerSource =
        new(SourcesGroup, "v1", "apiserversources", "ApiServerSource");

    public static readonly ResourceType OldApiServerSource =
        new(OldSourcesGroup, "v1alpha1", "apiserversources", "ApiServerSource");

    /// <summary>Every kind that tells of changes in the cluster.</summary>
    public static readonly IReadOnlyList<ResourceType> ApiServerSources = [ApiServerSource, OldApiServerSource];

    /// <summary>Every kind that ticks.</summary>
    public static readonly IReadOnlyList<ResourceType> CronSources = [PingSource, CronJobSource];

    public static readonly ResourceType SinkBinding = new(SourcesGroup, "v1", "sinkbindings", "SinkBinding");
    public static readonly ResourceType ContainerSource =
        new(SourcesGroup, "v1", "containersources", "ContainerSource");

    public static readonly ResourceType OldContainerSource =
        new(OldSourcesGroup, "v1alpha1", "containersources", "ContainerSource");

    /// <summary>Every kind that is a Service Bus topic.</summary>
    public static readonly IReadOnlyList<ResourceType> Channels =
        [OwnedChannel, Channel, InMemoryChannel, ServiceBusChannel];

    /// <summary>Every kind that is a bus subscription.</summary>
    public static readonly IReadOnlyList<ResourceType> Subscriptions = [OwnedSubscription, Subscription];

    /// <summary>Every kind watched from the start beside an installed Knative.</summary>
    public static readonly IReadOnlyList<ResourceType> WatchedBesideKnative =
        [Namespace, Service, Deployment, ScaledObject, Broker, Trigger, OwnedChannel, ServiceBusChannel,
            OwnedSubscription];

    /// <summary>Every kind watched from the start.</summary>
    public static readonly IReadOnlyList<ResourceType> Watched =
    [
        Namespace, Service, Deployment, ScaledObject, Broker, Trigger, EventType, Provisioner, Sequence, Parallel,
        .. Channels, .. Subscriptions, .. CronSources, .. ApiServerSources, SinkBinding, ContainerSource,
        OldContainerSource,
    ];
}
