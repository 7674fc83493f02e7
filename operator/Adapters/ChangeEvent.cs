// A change of an object as a CloudEvent.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Adapters;

/// <summary>Attributes by name, and JSON data; made once, so every try sends the same event.</summary>
public sealed record ChangeEvent(IReadOnlyDictionary<string, string> Attributes, byte[] Data)
{
    private const string Prefix = "dev.knative.apiserver.";

    public string Id => Attributes["id"];

    public string Type => Attributes["type"];

    public AttributeDictionary ForFilters =>
        new(Attributes.ToDictionary(pair => pair.Key, string? (pair) => pair.Value));

    /// <summary>The event, or null when the source asks for an owner that the object has not.</summary>
    /// <param name="change"><c>add</c>, <c>update</c> or <c>delete</c>.</param>
    public static ChangeEvent? Of(
        string change,
        Resource resource,
        ResourceType type,
        bool asController,
        AdapterOptions options,
        string apiServer,
        DateTimeOffset now)
    {
        var (apiVersion, kind, name) = (type.ApiVersion, type.Kind, resource.Name);
        if (asController && !options.SendsObjects)
        {
            var owner = resource.Json.Items("metadata", "ownerReferences")
                .FirstOrDefault(item => item.At("controller")?.ToJsonString() == "true");
            if (owner is null)
            {
                return null;
            }

            (apiVersion, kind, name) = (owner.Text("apiVersion")!, owner.Text("kind")!, owner.Text("name")!);
        }

        // v0.7 made the plural itself; today it is the resource's own.
        var plural = options.IsOld ? kind.ToLowerInvariant() + "s" : type.Plural;
        var attributes = new Dictionary<string, string>
        {
            ["specversion"] = "1.0",
            ["id"] = Guid.NewGuid().ToString(),
            ["type"] = TypeOf(change, options.SendsObjects),
            ["source"] = apiServer,
            ["subject"] = $"/apis/{apiVersion}/namespaces/{resource.Namespace}/{plural}/{name}",
            ["time"] = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture),
            ["datacontenttype"] = "application/json",
        };
        if (!options.IsOld)
        {
            attributes["kind"] = kind;
            attributes["apiversion"] = apiVersion;
            attributes["name"] = name;
            if (resource.Namespace.Length > 0)
            {
                attributes["namespace"] = resource.Namespace;
            }
        }

        foreach (var (extension, text) in options.Extensions)
        {
            attributes[extension] = text;
        }

        return new ChangeEvent(attributes, options.SendsObjects
            ? JsonSerializer.SerializeToUtf8Bytes(Whole(resource, type))
            : JsonSerializer.SerializeToUtf8Bytes(Reference(apiVersion, kind, name, resource.Namespace)));
    }

    /// <summary>The type of an event.</summary>
    public static string TypeOf(string change, bool sendsObjects) =>
        $"{Prefix}{(sendsObjects ? "resource" : "ref")}.{change}";

    // Items of a list come without their own kind.
    private static JsonObject Whole(Resource resource, ResourceType type)
    {
        var whole = resource.Copy();
        whole["apiVersion"] ??= type.ApiVersion;
        whole["kind"] ??= type.Kind;
        return whole;
    }

    private static JsonObject Reference(string apiVersion, string kind, string name, string @namespace)
    {
        var reference = new JsonObject { ["kind"] = kind };
        if (@namespace.Length > 0)
        {
            reference["namespace"] = @namespace;
        }

        reference["name"] = name;
        reference["apiVersion"] = apiVersion;
        return reference;
    }
}
