// The Deployment of an ApiServerSource's receive adapter, with the environment that its version of Knative gave it.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

internal static class AdapterDeployment
{
    public const string SkipPermissions = "features.knative.dev/apiserversource-skip-permissions-check";
    private const string SourceLabel = "eventing.knative.dev/source";
    private const string NameLabel = "eventing.knative.dev/sourceName";

    /// <summary>A label value holds no more.</summary>
    private const int MaxName = 63;

    /// <param name="source">The source that owns it.</param>
    /// <param name="namespaces">Namespaces to watch; empty: all.</param>
    public static JsonObject Json(
        Resource source,
        ApiServerSourceSpec spec,
        bool isOld,
        string sink,
        IReadOnlyList<string> namespaces,
        string image)
    {
        JsonObject Labels() => new()
        {
            [SourceLabel] = "apiserver-source-controller",
            [NameLabel] = source.Name.Length <= MaxName ? source.Name : source.Uid,
        };

        var labels = Labels();
        labels[ResourceTypes.ManagedByLabel] = ResourceTypes.ManagedBy;
        var variables = isOld ? Old(source, spec, sink) : Today(source, spec, sink, namespaces);
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = Name(source), ["labels"] = labels },
            ["spec"] = new JsonObject
            {
                ["replicas"] = 1,
                ["selector"] = new JsonObject { ["matchLabels"] = Labels() },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = Labels() },
                    ["spec"] = new JsonObject
                    {
                        ["serviceAccountName"] = spec.ServiceAccount,
                        ["containers"] = new JsonArray(new JsonObject
                        {
                            ["name"] = "receive-adapter",
                            ["image"] = image,
                            ["args"] = new JsonArray("adapter", "apiserver"),
                            ["env"] = new JsonArray([.. variables.Select(variable => new JsonObject
                            {
                                ["name"] = variable.Name,
                                ["value"] = variable.Value,
                            })]),
                        }),
                    },
                },
            },
        };
    }

    public static string Name(Resource source)
    {
        var suffix = "-" + source.Uid[..Math.Min(8, source.Uid.Length)];
        var stem = $"apiserversource-{source.Name}";
        var room = MaxName - suffix.Length;
        return (stem.Length <= room ? stem : stem[..room].TrimEnd('-', '.')) + suffix;
    }

    private static IEnumerable<(string Name, string Value)> Old(
        Resource source, ApiServerSourceSpec spec, string sink) =>
    [
        ("SINK_URI", sink),
        ("MODE", spec.SendsObjects ? "Resource" : "Ref"),
        ("API_VERSION", string.Join(';', spec.Resources.Select(resource => resource.ApiVersion))),
        ("KIND", string.Join(';', spec.Resources.Select(resource => resource.Kind))),
        ("CONTROLLER", string.Join(';', spec.Resources.Select(resource => resource.Controller ? "true" : "false"))),
        ("SYSTEM_NAMESPACE", source.Namespace),
    ];

    private static IEnumerable<(string Name, string Value)> Today(
        Resource source, ApiServerSourceSpec spec, string sink, IReadOnlyList<string> namespaces)
    {
        var config = new JsonObject
        {
            ["namespaces"] = new JsonArray([.. namespaces.Select(name => JsonValue.Create(name))]),
            ["allNamespaces"] = namespaces.Count == 0,
            ["resources"] = new JsonArray([.. spec.Resources.Select(resource => new JsonObject
            {
                ["apiVersion"] = resource.ApiVersion,
                ["kind"] = resource.Kind,
                ["selector"] = resource.Selector,
            })]),
            ["mode"] = spec.SendsObjects ? "Resource" : "Reference",
        };
        if (source.Spec.Object("owner") is { } owner)
        {
            config["owner"] = owner.DeepClone();
        }

        if (source.Spec.At("filters") is JsonArray filters)
        {
            config["filters"] = filters.DeepClone();
        }

        if (source.Annotation(SkipPermissions) == "true")
        {
            config["failFast"] = true;
        }

        return
        [
            ("K_SINK", sink),
            ("K_SOURCE_CONFIG", config.ToJsonString()),
            ("K_CE_OVERRIDES", source.Spec.Object("ceOverrides")?.ToJsonString() ?? ""),
            ("NAMESPACE", source.Namespace),
            ("NAME", source.Name),
            .. source.Spec.NonEmpty("sink", "CACerts") is { } certificates
                ? [("K_CA_CERTS", certificates)]
                : Array.Empty<(string, string)>(),
        ];
    }
}
