// What every deployment of ours is started with.
namespace ServerlessEventing.Operator.Dispatching;

/// <summary>Settings of deployments that the operator makes.</summary>
public sealed record DispatchOptions
{
    /// <summary>Image of the functions program.</summary>
    public required string Image { get; init; }

    /// <summary>
    /// Secret, in the deployment's namespace, with the connection string under <see cref="SecretKey"/>.
    /// </summary>
    public required string Secret { get; init; }

    /// <summary>Where the functions read the routing table.</summary>
    public required Uri RoutingTable { get; init; }

    /// <summary>Secret beside it with the token of the routing table; null: the table has none.</summary>
    public string? TokenSecret { get; init; }

    /// <summary>
    /// Host of the Service Bus namespace when a Microsoft Entra workload identity is used; then nothing of the
    /// connection stands in <see cref="Secret"/>. Null: the connection string there.
    /// </summary>
    public string? IdentityHost { get; init; }

    public required string SystemNamespace { get; init; }

    /// <summary>Service account of their pods, in their namespace; null: its default one.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>Label of pods that read the routing table: the operator's NetworkPolicy admits by it.</summary>
    public const string ReaderLabel = "eventing.azure.dev/reads-routing-table";

    /// <summary>Key in <see cref="Secret"/>, and the setting it becomes.</summary>
    public const string SecretKey = "ServiceBusConnection";

    /// <summary>The setting that <see cref="IdentityHost"/> becomes.</summary>
    public const string HostSetting = "ServiceBusConnection__fullyQualifiedNamespace";

    /// <summary>ClusterTriggerAuthentication by which KEDA counts with its own workload identity.</summary>
    public const string KedaAuthentication = "eventing-servicebus";

    /// <summary>Label by which Azure's webhook gives a pod the token of its service account.</summary>
    public const string IdentityLabel = "azure.workload.identity/use";

    /// <summary>Key in <see cref="TokenSecret"/>, and the setting it becomes.</summary>
    public const string TokenKey = "RoutingTableToken";
}
