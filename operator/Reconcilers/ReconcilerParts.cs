// What all reconcilers work with.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.ServiceBus;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>The parts, and the few settings, that reconcilers share.</summary>
public sealed record ReconcilerParts
{
    public required ClusterClient Client { get; init; }

    public required InformerSet Informers { get; init; }

    /// <summary>Objects that SinkBindings name, of any kind and whoever made them; watched once one does.</summary>
    public required InformerSet Subjects { get; init; }

    public required Children Children { get; init; }

    public required DestinationResolver Resolver { get; init; }

    public required BusProvisioner Bus { get; init; }

    public required Lanes Lanes { get; init; }

    public required RoutingState Routing { get; init; }

    public required RoutingBarrier Barrier { get; init; }

    public required BrokerClass BrokerClass { get; init; }

    /// <summary>Whether Knative is installed in the cluster, too, and keeps its own kinds.</summary>
    public required bool Coexists { get; init; }

    /// <summary>Namespaces that get a Broker beside those labelled for it; null: none.</summary>
    public required JsonObject? InjectionSelector { get; init; }

    public required DispatchOptions Dispatch { get; init; }

    public required EventRecorder Events { get; init; }

    /// <summary>How long an object that is being deleted waits for a bus that does not answer.</summary>
    public required TimeSpan DeletionPatience { get; init; }

    public required OperatorMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required string ClusterDomain { get; init; }

    public required string AdapterImage { get; init; }

    /// <summary>Has another object reconciled soon.</summary>
    public required Action<ObjectRef> Wake { get; init; }

    public ChannelKinds Kinds => Coexists ? ChannelKinds.BesideKnative : ChannelKinds.All;

    /// <summary>The host name every Service of ours points at.</summary>
    public string IngressHost => $"{Contract.Names.Addresses.IngressHost}.{ClusterDomain}";

    /// <summary>
    /// Whether the cluster serves each of these kinds. While it does not, nothing is known to be gone that may be of
    /// such a kind.
    /// </summary>
    public bool AreServed(IEnumerable<ResourceType> kinds) => kinds.All(kind => Informers[kind].IsServed);

    public ObjectRef RefOf(ResourceType type, Resource resource) => new(type.GroupKind, resource.Key);

    /// <summary>
    /// Whether a generation has come far enough to take the next step: loaded everywhere, or published for as long
    /// as an instance may reasonably take. What it returns tells when to look again.
    /// </summary>
    public RoutingReach Reach(RoutingMark mark, ObjectRef who)
    {
        var reach = Barrier.Reach(mark.Generation, who);
        return reach == RoutingReach.Published && Time.GetUtcNow() - mark.At < PatienceWithInstances
            ? RoutingReach.Pending
            : reach;
    }

    /// <summary>How long a slow instance may hold up the next step (not: being Ready).</summary>
    public static readonly TimeSpan PatienceWithInstances = TimeSpan.FromSeconds(1);

    /// <summary>How soon to look again at something that normally wakes us itself.</summary>
    public static readonly TimeSpan SafetyLook = TimeSpan.FromSeconds(1);
}
