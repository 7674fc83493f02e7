// Tells clients which kinds are served: the aggregated documents and the older one-by-one ones.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;

namespace ServerlessEventing.Local.Kubernetes.Discovery;

/// <summary>Built from a catalog snapshot on each request: clients cache them, so they are asked for rarely.</summary>
public static class DiscoveryDocuments
{
    private static readonly string[] Verbs =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    private static readonly string[] SubresourceVerbs = ["get", "patch", "update"];

    /// <summary>/api or /apis as an APIGroupDiscoveryList of the given version, v2 or v2beta1.</summary>
    public static JsonObject Aggregated(Catalog.Snapshot catalog, bool core, string version)
    {
        IReadOnlyList<string> groups = core ? [""] : catalog.Groups;
        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. groups.Select(group => AggregatedGroup(catalog, group))]),
        };
    }

    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject
        {
            ["clientCIDR"] = "0.0.0.0/0",
            ["serverAddress"] = address,
        }),
    };

    public static JsonObject GroupList(Catalog.Snapshot catalog) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. catalog.Groups.Select(group => GroupBody(catalog, group, []))]),
    };

    public static JsonObject? Group(Catalog.Snapshot catalog, string group) =>
        catalog.Groups.Contains(group)
            ? GroupBody(catalog, group, new JsonObject { ["kind"] = "APIGroup", ["apiVersion"] = "v1" })
            : null;

    public static JsonObject? ResourceList(Catalog.Snapshot catalog, string group, string version)
    {
        var types = TypesOf(catalog, group, version);
        if (types.Count == 0)
        {
            return null;
        }

        var resources = new JsonArray();
        foreach (var type in types)
        {
            resources.Add(Resource(type));
            foreach (var (name, kind, kindGroup, kindVersion) in Subresources(type))
            {
                resources.Add(new JsonObject
                {
                    ["name"] = $"{type.Plural}/{name}",
                    ["singularName"] = "",
                    ["namespaced"] = type.Namespaced,
                    ["group"] = kindGroup,
                    ["version"] = kindVersion,
                    ["kind"] = kind,
                    ["verbs"] = Names(SubresourceVerbs),
                });
            }
        }

        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        };
    }

    private static JsonArray VerbsOf(ResourceType type) => Names(
        type.CreateOnly ? ["create"]
        : type.IsNamespace ? Verbs.Where(verb => verb != "deletecollection")
        : Verbs);

    private static List<ResourceType> TypesOf(Catalog.Snapshot catalog, string group, string version) =>
        [.. catalog.Types.Where(type => type.Group == group && type.Version == version)];

    private static JsonObject Resource(ResourceType type)
    {
        var resource = new JsonObject
        {
            ["name"] = type.Plural,
            ["singularName"] = type.Singular,
            ["namespaced"] = type.Namespaced,
            ["kind"] = type.Kind,
            ["verbs"] = VerbsOf(type),
        };
        AddNames(resource, "shortNames", type.ShortNames);
        AddNames(resource, "categories", type.Categories);
        return resource;
    }

    private static JsonObject GroupBody(Catalog.Snapshot catalog, string group, JsonObject body)
    {
        var versions = catalog.VersionsOf(group)
            .Select(version => (JsonNode)new JsonObject
            {
                ["groupVersion"] = $"{group}/{version}",
                ["version"] = version,
            })
            .ToArray();
        body["name"] = group;
        body["versions"] = new JsonArray(versions);
        body["preferredVersion"] = versions[0].DeepClone();
        return body;
    }

    private static JsonNode AggregatedGroup(Catalog.Snapshot catalog, string group)
    {
        var versions = new JsonArray();
        foreach (var version in catalog.VersionsOf(group))
        {
            versions.Add(new JsonObject
            {
                ["version"] = version,
                ["resources"] = new JsonArray([.. TypesOf(catalog, group, version).Select(AggregatedResource)]),
                ["freshness"] = "Current",
            });
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = group, ["creationTimestamp"] = null },
            ["versions"] = versions,
        };
    }

    private static JsonNode AggregatedResource(ResourceType type)
    {
        var resource = new JsonObject
        {
            ["resource"] = type.Plural,
            ["responseKind"] = KindOf(type.Group, type.Version, type.Kind),
            ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular,
            ["verbs"] = VerbsOf(type),
        };
        AddNames(resource, "shortNames", type.ShortNames);
        AddNames(resource, "categories", type.Categories);
        var subresources = Subresources(type).Select(sub => (JsonNode)new JsonObject
        {
            ["subresource"] = sub.Name,
            ["responseKind"] = KindOf(sub.Group, sub.Version, sub.Kind),
            ["verbs"] = Names(SubresourceVerbs),
        }).ToArray();
        if (subresources.Length > 0)
        {
            resource["subresources"] = new JsonArray(subresources);
        }

        return resource;
    }

    private static IEnumerable<(string Name, string Kind, string Group, string Version)> Subresources(
        ResourceType type)
    {
        if (type.HasStatus)
        {
            yield return ("status", type.Kind, type.Group, type.Version);
        }

        if (type.Scale is not null)
        {
            yield return ("scale", "Scale", "autoscaling", "v1");
        }
    }

    private static JsonObject KindOf(string group, string version, string kind) =>
        new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);

    private static void AddNames(JsonObject target, string field, IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            target[field] = Names(names);
        }
    }
}
