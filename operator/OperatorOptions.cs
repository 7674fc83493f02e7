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

    public string ClusterDomain { get; init; } = Contract.Names.Addresses.DefaultClusterDomain;

    public string SystemNamespace { get; init; } = "serverless-eventing";

    /// <summary>Image of ApiServerSources' adapters: this program, started with <c>adapter apiserver</c>.</summary>
    public string AdapterImage { get; init; } = DefaultAdapterImage;

    /// <summary>What a Broker without a class annotation counts as.</summary>
    public string DefaultBrokerClass { get; init; } = Reconcilers.BrokerClass.Ours;

    /// <summary>How long a deleted object's egress stays in the table as draining.</summary>
    public TimeSpan DrainPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the bus is compared again, at most; never more than 5 entities a second.</summary>
    public TimeSpan DriftPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often the lanes are measured; on Azure that costs 120 of a namespace's credits each time.</summary>
    public TimeSpan PressurePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Peek-lock time of lanes.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Workers for each kind.</summary>
    public int Workers { get; init; } = 4;

    public ILoggerFactory? LoggerFactory { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
