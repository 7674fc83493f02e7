// Reads and writes the fields every Kubernetes object has, on its JSON.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Objects;

/// <summary>Typed access to apiVersion, kind and metadata of an object held as JSON.</summary>
public static class ObjectFields
{
    /// <summary>Deep enough for a CRD that holds the schema of a pod.</summary>
    public static readonly JsonDocumentOptions Strict = new() { MaxDepth = 128, AllowDuplicateProperties = false };

    public static readonly JsonSerializerOptions Compact = new()
    {
        MaxDepth = 128,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    extension(JsonObject value)
    {
        public string Kind => value.Text("kind");

        public string ApiVersion => value.Text("apiVersion");

        public string Name => value.Metadata.Text("name");

        public string Namespace => value.Metadata.Text("namespace");

        public string Uid => value.Metadata.Text("uid");

        public long Generation => value.Metadata["generation"].AsLong() ?? 0;

        public bool IsTerminating => value.Metadata["deletionTimestamp"] is JsonValue;

        /// <summary>The metadata, made when missing.</summary>
        public JsonObject Metadata => value.Child("metadata");

        public IReadOnlyList<string> Finalizers => Texts(value.Metadata["finalizers"]);

        /// <summary>The object under a name, made when missing.</summary>
        public JsonObject Child(string name)
        {
            if (value[name] is JsonObject found)
            {
                return found;
            }

            var made = new JsonObject();
            value[name] = made;
            return made;
        }

        public string Text(string name) =>
            value[name] is JsonValue node && node.TryGetValue<string>(out var text) ? text : "";

        public JsonNode? At(params ReadOnlySpan<string> path)
        {
            JsonNode? node = value;
            foreach (var name in path)
            {
                node = node is JsonObject holder ? holder[name] : null;
            }

            return node;
        }

        public string TextAt(params ReadOnlySpan<string> path) => value.At(path).AsText() ?? "";

        public void SetFinalizers(IReadOnlyCollection<string> finalizers)
        {
            if (finalizers.Count == 0)
            {
                value.Metadata.Remove("finalizers");
            }
            else
            {
                value.Metadata["finalizers"] =
                    new JsonArray([.. finalizers.Select(name => (JsonNode)JsonValue.Create(name))]);
            }
        }

        /// <summary>Sets a field when it is absent.</summary>
        public void Default(string name, JsonNode fallback)
        {
            if (value[name] is null)
            {
                value[name] = fallback;
            }
        }
    }

    extension(JsonNode? node)
    {
        public string? AsText() => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

        public bool? AsBool() => node is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

        /// <summary>Any number, however the node came to be.</summary>
        public double? AsNumber() =>
            node is JsonValue value && value.TryGetValue<double>(out var real) ? real : node.AsLong();

        /// <summary>An integer, however the node came to be.</summary>
        public long? AsLong() =>
            node is not JsonValue value ? null
            : value.TryGetValue<long>(out var wide) ? wide
            : value.TryGetValue<int>(out var narrow) ? narrow
            : value.TryGetValue<double>(out var real) && Math.Abs(real) < 1e15 && Math.Floor(real) == real ? (long)real
            : null;
    }

    public static IReadOnlyList<string> Texts(JsonNode? node) =>
        node is JsonArray list ? [.. list.Select(item => item.AsText()).OfType<string>()] : [];

    /// <summary>Parses one object; the failure says what is wrong with the text.</summary>
    public static Result<JsonObject> Parse(
        ReadOnlyMemory<byte> utf8, string doing = "couldn't get version/kind; json parse error")
    {
        try
        {
            return JsonNode.Parse(utf8.Span, documentOptions: Strict) is JsonObject body
                ? body
                : ApiStatus.BadRequest($"{doing}: the request body must be one JSON object");
        }
        catch (JsonException failure)
        {
            return ApiStatus.BadRequest($"{doing}: {failure.Message}");
        }
    }

    public static byte[] Bytes(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, Compact);
}
