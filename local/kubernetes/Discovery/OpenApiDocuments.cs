// OpenAPI v3: what kubectl needs before it applies, edits or explains.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Discovery;

/// <summary>An index, and one document a group-version made from the kinds' schemas.</summary>
public static class OpenApiDocuments
{
    public static JsonObject Index(Catalog.Snapshot catalog)
    {
        var paths = new JsonObject();
        foreach (var type in catalog.Types)
        {
            var path = PathOf(type.Group, type.Version);
            paths[path] ??= new JsonObject
            {
                ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={catalog.Revision:X16}",
            };
        }

        return new JsonObject { ["paths"] = paths };
    }

    public static JsonObject? Document(Catalog.Snapshot catalog, string path)
    {
        var types = catalog.Types.Where(type => PathOf(type.Group, type.Version) == path).ToList();
        if (types.Count == 0)
        {
            return null;
        }

        var paths = new JsonObject();
        var schemas = new JsonObject();
        foreach (var type in types)
        {
            var root = $"/{path}{(type.Namespaced ? "/namespaces/{namespace}" : "")}/{type.Plural}";
            paths[root] = new JsonObject { ["post"] = Operation(type, "post", []) };
            paths[$"{root}/{{name}}"] = new JsonObject
            {
                ["get"] = Operation(type, "get", []),
                ["put"] = Operation(type, "put", []),
                ["patch"] = Operation(type, "patch", PatchTypes(type)),
                ["delete"] = Operation(type, "delete", []),
            };
            schemas[NameOf(type)] = KindSchema(type);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = ServerVersion.Text },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static string PathOf(string group, string version) =>
        group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";

    private static string[] PatchTypes(ResourceType type)
    {
        string[] all = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
        return type.IsCustom ? all : [.. all, "application/strategic-merge-patch+json"];
    }

    private static JsonObject Operation(ResourceType type, string action, string[] contentTypes)
    {
        var operation = new JsonObject
        {
            ["operationId"] = $"{action}{type.Group}{type.Version}{type.Kind}",
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = KindOf(type),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
        };
        if (action is not ("get" or "delete"))
        {
            operation["parameters"] = new JsonArray([.. Parameters()]);
        }

        if (contentTypes.Length > 0)
        {
            var content = new JsonObject();
            foreach (var name in contentTypes)
            {
                content[name] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "object" } };
            }

            operation["requestBody"] = new JsonObject { ["content"] = content };
        }

        return operation;
    }

    private static IEnumerable<JsonNode> Parameters() =>
        ((string[])["dryRun", "fieldManager", "fieldValidation"]).Select(name => (JsonNode)new JsonObject
        {
            ["name"] = name,
            ["in"] = "query",
            ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
        });

    private static JsonObject KindOf(ResourceType type) =>
        new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };

    /// <summary>The reversed domain, version and kind, as a real server names its definitions.</summary>
    private static string NameOf(ResourceType type)
    {
        var group = type.Group.Length == 0 ? "core.api.k8s.io" : type.Group;
        return $"{string.Join('.', group.Split('.').Reverse())}.{type.Version}.{type.Kind}";
    }

    private static JsonObject KindSchema(ResourceType type)
    {
        var schema = SchemaWriter.Write(type.Schema);
        var properties = new JsonObject
        {
            ["apiVersion"] = new JsonObject
            {
                ["type"] = "string",
                ["description"] = "APIVersion defines the versioned schema of this representation of an object.",
            },
            ["kind"] = new JsonObject
            {
                ["type"] = "string",
                ["description"] = "Kind is a string value representing the REST resource this object represents.",
            },
            ["metadata"] = SchemaWriter.Write(BuiltinSchemas.Metadata),
        };
        foreach (var (name, child) in schema.Child("properties"))
        {
            if (!properties.ContainsKey(name))
            {
                properties[name] = child?.DeepClone();
            }
        }

        schema["type"] = "object";
        schema["properties"] = properties;
        schema["x-kubernetes-group-version-kind"] = new JsonArray(KindOf(type));
        return schema;
    }
}
