// What an operator needs to know to start.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Operator;

/// <summary>Settings of one operator.</summary>
public sealed record OperatorOptions
{
    public const string DefaultAdapterImage = "serverless-eventing/apiserver-adapter";

    /// <summary>Kubeconfig file; null: the cluster the operator runs in, else the user's own kubeconfig.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>Connection string of the Service Bus namespace; without a key it means an Entra identity.</summary>
    public required string ServiceBusConnection { get; init; }

    /// <summary>Connection string for the management endpoint where it differs, as on the emulator.</summary>
    public string? ServiceBusManagementConnection { get; init; }

    /// <summary>Address the routing table is served on: loopback unless functions run elsewhere.</summary>
    public string RoutingHost { get; init; } = "127.0.0.1";

    /// <summary>Port the routing table is served on; 0 takes a free one.</summary>
    public int RoutingPort { get; init; }

    /// <summary>Bearer token that readers of the table must send; null: none, fit for loopback only.</summary>
    public string? RoutingToken { get; init; }

    /// <summary>How several replicas agree on who works; null: this is the only one.</summary>
    public Leadership.LeaderOptions? Leader { get; init; }

    public string ClusterDomain { get; init; } = Contract.Names.Addresses.DefaultClusterDomain;

    public string SystemNamespace { get; init; } = "serverless-eventing";

    /// <summary>Image of ApiServerSources' adapters: this program, started with <c>adapter apiserver</c>.</summary>
    public string AdapterImage { get; init; } = DefaultAdapterImage;

    /// <summary>Image of the functions program, for deployments that dispatch for one Broker or Trigger.</summary>
    public string FunctionsImage { get; init; } = "serverless-eventing/functions:latest";

    /// <summary>Secret with the connection string for those deployments, in each namespace that has one.</summary>
    public string FunctionsSecret { get; init; } = "serverless-eventing";

    /// <summary>Service account of those deployments' pods; null: their namespace's default one.</summary>
    public string? FunctionsServiceAccount { get; init; }

    /// <summary>Where those deployments read the routing table; null: where it is served.</summary>
    public Uri? RoutingTableUri { get; init; }

    /// <summary>What a Broker without a class annotation counts as.</summary>
    public string DefaultBrokerClass { get; init; } = Reconcilers.BrokerClass.Ours;

    /// <summary>
    /// Beside an installed Knative: only Brokers of our class, their Triggers, and ServiceBusChannels are ours.
    /// </summary>
    public bool Coexist { get; init; }

    /// <summary>Variable that switches <see cref="MakesEventTypes"/> on with <c>true</c>.</summary>
    public const string EventTypesVariable = "EVENTING_EVENTTYPE_AUTO_CREATE";

    /// <summary>Whether EventTypes are made of the events that come in; Knative's eventtype-auto-create.</summary>
    public bool MakesEventTypes { get; init; }

    /// <summary>Which namespaces the destinations of others may refer to.</summary>
    public Addressing.CrossNamespaceRefs CrossNamespaceRefs { get; init; } = Addressing.CrossNamespaceRefs.None;

    /// <summary>
    /// Label selector of namespaces that get a Broker <c>default</c>, beside those labelled for it; null: none.
    /// </summary>
    public System.Text.Json.Nodes.JsonObject? InjectionSelector { get; init; }

    /// <summary>How long a deleted object's egress stays in the table as draining.</summary>
    public TimeSpan DrainPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the bus is compared again, at most; never more than 5 entities a second.</summary>
    public TimeSpan DriftPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often the lanes are measured; on Azure six queues cost 120 credits each time.</summary>
    public TimeSpan PressurePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an object that is being deleted waits for a bus that does not answer.</summary>
    public TimeSpan DeletionPatience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often entities are looked for whose objects are gone.</summary>
    public TimeSpan SweepPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Peek-lock time of lanes.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Workers for each kind.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>A blob that gets each routing table too, for functions that cannot reach this one; or null.</summary>
    public Uri? RoutingBlob { get; init; }

    public ILoggerFactory? LoggerFactory { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
