// What an ApiServerSource's adapter is told: v0.7's variables, or today's K_SINK and K_SOURCE_CONFIG.
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Adapters;

/// <summary>Settings of one adapter.</summary>
public sealed record AdapterOptions
{
    public required Uri Sink { get; init; }

    public required IReadOnlyList<WatchedKind> Kinds { get; init; }

    /// <summary>Namespaces to watch; empty: all.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    /// <summary>Whole objects, rather than references to them.</summary>
    public required bool SendsObjects { get; init; }

    /// <summary>Events as v0.7 had them: no extensions, and v0.7's subjects.</summary>
    public bool IsOld { get; init; }

    /// <summary>Only objects that such an owner controls; null: all.</summary>
    public (string ApiVersion, string Kind)? Owner { get; init; }

    /// <summary>Filters as in a Trigger's spec, all of which must pass.</summary>
    public JsonObject? Filters { get; init; }

    /// <summary>Extensions added to each event.</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();

    /// <summary>PEM certificates to trust for the sink, beside the system's; or null.</summary>
    public string? CaCerts { get; init; }

    /// <summary>End at once when a kind may not be read, rather than wait for permission.</summary>
    public bool FailsFast { get; init; }

    /// <summary>Reads the environment; else <paramref name="problem"/> says which variable is wrong.</summary>
    public static AdapterOptions? Read(Func<string, string?> setting, out string? problem)
    {
        var isOld = string.IsNullOrEmpty(setting("K_SINK"));
        var sinkName = isOld ? "SINK_URI" : "K_SINK";
        if (!Uri.TryCreate(setting(sinkName), UriKind.Absolute, out var sink) || sink.Scheme is not ("http" or "https"))
        {
            problem = $"{sinkName} is '{setting(sinkName)}'; it must be an http or https address.";
            return null;
        }

        return isOld ? ReadOld(setting, sink, out problem) : ReadConfig(setting, sink, out problem);
    }

    // Three lists, split by semicolons, of the same length.
    private static AdapterOptions? ReadOld(Func<string, string?> setting, Uri sink, out string? problem)
    {
        var versions = (setting("API_VERSION") ?? "").Split(';');
        var kinds = (setting("KIND") ?? "").Split(';');
        var controllers = (setting("CONTROLLER") ?? "").Split(';');
        var @namespace = setting("SYSTEM_NAMESPACE") ?? "";
        problem = versions.Length != kinds.Length || versions.Length != controllers.Length
            ? "API_VERSION, KIND and CONTROLLER must be lists of the same length."
            : versions.Any(string.IsNullOrEmpty) || kinds.Any(string.IsNullOrEmpty)
                ? "API_VERSION and KIND must say what to watch."
            : @namespace.Length == 0 ? "SYSTEM_NAMESPACE must be the namespace to watch."
            : null;
        return problem is not null ? null : new AdapterOptions
        {
            Sink = sink,
            IsOld = true,
            Kinds = [.. versions.Select((version, i) =>
                new WatchedKind(version, kinds[i], null, controllers[i] == "true"))],
            Namespaces = [@namespace],
            SendsObjects = setting("MODE") == "Resource",
        };
    }

    private static AdapterOptions? ReadConfig(Func<string, string?> setting, Uri sink, out string? problem)
    {
        JsonNode? config = null;
        JsonNode? overrides = null;
        problem = null;
        try
        {
            config = JsonNode.Parse(setting("K_SOURCE_CONFIG") is { Length: > 0 } text ? text : "{}");
            overrides = setting("K_CE_OVERRIDES") is { Length: > 0 } json ? JsonNode.Parse(json) : null;
        }
        catch (JsonException error)
        {
            problem = $"K_SOURCE_CONFIG or K_CE_OVERRIDES is not JSON: {error.Message}";
            return null;
        }

        var kinds = config.Items("resources").Select(item => new WatchedKind(
            item.Text("apiVersion") ?? "", item.Text("kind") ?? "", item.NonEmpty("selector"), false)).ToList();
        if (kinds.Count == 0 || kinds.Any(kind => kind.ApiVersion.Length == 0 || kind.Kind.Length == 0))
        {
            problem = "K_SOURCE_CONFIG.resources must say what to watch: apiVersion and kind of each.";
            return null;
        }

        return new AdapterOptions
        {
            Sink = sink,
            Kinds = kinds,
            Namespaces = Flag(config, "allNamespaces")
                ? []
                : [.. config.Items("namespaces").Select(name => name.Text()).OfType<string>()],
            SendsObjects = config.Text("mode") == "Resource",
            Owner = config.NonEmpty("owner", "kind") is { } kind
                ? (config.Text("owner", "apiVersion") ?? "", kind)
                : null,
            Filters = config.At("filters") is JsonArray ? (JsonObject)config! : null,
            Extensions = overrides.Map("extensions"),
            CaCerts = setting("K_CA_CERTS") is { Length: > 0 } certificates ? certificates : null,
            FailsFast = Flag(config, "failFast"),
        };
    }

    private static bool Flag(JsonNode? config, string name) =>
        config.At(name) is JsonValue value && value.TryGetValue<bool>(out var on) && on;
}

/// <summary>A kind to watch.</summary>
/// <param name="ApiVersion">Group and version.</param>
/// <param name="Kind">Its name.</param>
/// <param name="Selector">Label selector, or null.</param>
/// <param name="AsController">v0.7: send the controlling owner in place of the object.</param>
public sealed record WatchedKind(string ApiVersion, string Kind, string? Selector, bool AsController);
