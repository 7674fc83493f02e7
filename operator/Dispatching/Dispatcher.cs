// A deployment of the functions program that serves one dispatch group, and the ScaledObject that sizes it.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Dispatching;

/// <summary>Whom a deployment works for and what it is called.</summary>
public sealed record Dispatcher
{
    public const string BrokerLabel = "eventing.knative.dev/broker";
    public const string RoleLabel = "eventing.knative.dev/brokerRole";

    public required string Namespace { get; init; }

    /// <summary>Name of the deployment.</summary>
    public required string Name { get; init; }

    public required string Broker { get; init; }

    /// <summary><c>filter</c> or <c>ingress</c>.</summary>
    public required string Role { get; init; }

    /// <summary>Host of the Broker's trigger Channel.</summary>
    public required string Channel { get; init; }

    /// <summary>Host of the Broker's filter Service.</summary>
    public required string Filter { get; init; }

    /// <summary>The Trigger a filter works for alone, or null.</summary>
    public string? Trigger { get; init; }

    public string Group => Dispatch.GroupOf(Namespace, Name);

    /// <summary>Labels of its pods; a Service selects by them.</summary>
    public JsonObject Labels()
    {
        var labels = new JsonObject { [BrokerLabel] = Broker, [RoleLabel] = Role };
        if (Trigger is not null)
        {
            labels["eventing.knative.dev/trigger"] = Trigger;
        }

        return labels;
    }

    /// <summary>
    /// The deployment, without <c>replicas</c> when something else (KEDA, an HPA) decides about them.
    /// </summary>
    public JsonObject Deployment(DispatchOptions options, int? replicas)
    {
        var spec = new JsonObject
        {
            ["selector"] = new JsonObject { ["matchLabels"] = Labels() },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = PodLabels(options) },
                ["spec"] = Pod(options),
            },
        };
        if (replicas is not null)
        {
            spec["replicas"] = replicas;
        }

        return new JsonObject { ["metadata"] = Metadata(), ["spec"] = spec };
    }

    private JsonObject PodLabels(DispatchOptions options)
    {
        var labels = Labels();
        labels[DispatchOptions.ReaderLabel] = "true";
        if (options.IdentityHost is not null)
        {
            labels[DispatchOptions.IdentityLabel] = "true";
        }

        return labels;
    }

    private JsonObject Pod(DispatchOptions options)
    {
        var pod = new JsonObject
        {
            ["enableServiceLinks"] = false,
            // Just above what the functions give themselves to finish what they hold.
            ["terminationGracePeriodSeconds"] = 90,
            ["securityContext"] = new JsonObject
            {
                ["runAsNonRoot"] = true,
                ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
            },
            ["containers"] = new JsonArray(Container(options)),
        };
        if (options.ServiceAccount is { } account)
        {
            pod["serviceAccountName"] = account;
        }

        return pod;
    }

    /// <summary>A ScaledObject that counts what waits for each egress of the group.</summary>
    public JsonObject ScaledObject(DispatchOptions options, DispatchSize size, IEnumerable<Egress> egresses)
    {
        var triggers = new JsonArray();
        foreach (var egress in egresses.Where(egress => egress.Dedicated is not null))
        {
            triggers.Add(Scaler(options, size, new JsonObject
            {
                ["topicName"] = egress.Dedicated!.Topic,
                ["subscriptionName"] = egress.Dedicated.Subscription,
            }));
            if (!egress.Dedicated.Ordered)
            {
                triggers.Add(Scaler(
                    options, size, new JsonObject { ["queueName"] = EntityNames.Retries(egress.Lane) }));
            }
        }

        return new JsonObject
        {
            ["metadata"] = Metadata(),
            ["spec"] = new JsonObject
            {
                ["scaleTargetRef"] = new JsonObject { ["name"] = Name },
                ["minReplicaCount"] = size.Min,
                ["maxReplicaCount"] = size.Max,
                // Each question to the management endpoint costs credits: not more often than this, and never from
                // the autoscaler's own polls.
                ["pollingInterval"] = 30,
                ["cooldownPeriod"] = 300,
                ["triggers"] = triggers,
            },
        };
    }

    private JsonObject Metadata()
    {
        var labels = Labels();
        labels[ResourceTypes.ManagedByLabel] = ResourceTypes.ManagedBy;
        return new JsonObject { ["name"] = Name, ["labels"] = labels };
    }

    private JsonObject Container(DispatchOptions options)
    {
        var settings = new JsonArray(
            Setting("SYSTEM_NAMESPACE", options.SystemNamespace),
            Setting("NAMESPACE", Namespace),
            Setting("BROKER", Broker),
            Setting("CHANNEL", Channel),
            Setting("FILTER", Filter),
            Setting("EVENTING_DOOR", "pump"),
            Setting("EVENTING_ADDRESS", "0.0.0.0"),
            Setting("EVENTING_PORT", "8080"),
            Setting("EVENTING_DISPATCH_GROUP", Group),
            Setting("RoutingTable", options.RoutingTable.AbsoluteUri),
            options.IdentityHost is { } host
                ? Setting(DispatchOptions.HostSetting, host)
                : FromSecret(DispatchOptions.SecretKey, options.Secret));
        if (options.TokenSecret is not null)
        {
            settings.Add(FromSecret(DispatchOptions.TokenKey, options.TokenSecret));
        }

        return new JsonObject
        {
            ["name"] = Role,
            ["image"] = options.Image,
            ["env"] = settings,
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["containerPort"] = 8080 }),
            ["readinessProbe"] = Probe("/readyz"),
            ["livenessProbe"] = Probe("/healthz"),
            ["resources"] = new JsonObject
            {
                ["requests"] = new JsonObject { ["cpu"] = "100m", ["memory"] = "128Mi" },
            },
            ["securityContext"] = new JsonObject
            {
                ["allowPrivilegeEscalation"] = false,
                ["readOnlyRootFilesystem"] = true,
                ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            },
        };
    }

    private static JsonObject Setting(string name, string value) => new() { ["name"] = name, ["value"] = value };

    private static JsonObject FromSecret(string name, string secret) => new()
    {
        ["name"] = name,
        ["valueFrom"] = new JsonObject
        {
            ["secretKeyRef"] = new JsonObject { ["name"] = secret, ["key"] = name },
        },
    };

    private static JsonObject Probe(string path) =>
        new() { ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = 8080 } };

    private static JsonObject Scaler(DispatchOptions options, DispatchSize size, JsonObject what)
    {
        what["messageCount"] = size.MessagesPerReplica.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var scaler = new JsonObject
        {
            ["type"] = "azure-servicebus",
            ["metricType"] = "AverageValue",
            ["useCachedMetrics"] = true,
            ["metadata"] = what,
        };
        if (options.IdentityHost is { } host)
        {
            what["namespace"] = host.Split('.')[0];
            scaler["authenticationRef"] = new JsonObject
            {
                ["kind"] = "ClusterTriggerAuthentication",
                ["name"] = DispatchOptions.KedaAuthentication,
            };
        }
        else
        {
            what["connectionFromEnv"] = DispatchOptions.SecretKey;
        }

        return scaler;
    }
}
