// The mark in an entity's UserMetadata that says whose it is and what it was made from.
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>The object an entity on the bus stands for.</summary>
public sealed record BusOwner(string Kind, string Namespace, string Name, string Uid)
{
    public static BusOwner Of(ResourceType type, Resource resource) =>
        new(type.GroupKind.ToString(), resource.Namespace, resource.Name, resource.Uid);

    /// <summary>Whether both are the same object or one made anew under its name.</summary>
    public bool IsSameObject(BusOwner other) =>
        Kind == other.Kind && Namespace == other.Namespace && Name == other.Name;

    public override string ToString() => Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";
}

/// <summary>
/// JSON in UserMetadata (at most 1,024 characters on the bus). An entity without it, or with another installation in
/// it, is not ours: it is neither changed nor deleted.
/// </summary>
public sealed record OwnershipMark(string Installation, BusOwner Owner, string Hash)
{
    /// <summary>Instead of a hash: left behind on purpose, for an object of the same name to take over.</summary>
    public const string Detached = "detached";

    private const int MaxLength = 1024;

    public string ToMetadata()
    {
        var json = new JsonObject
        {
            ["installation"] = Installation,
            ["kind"] = Owner.Kind,
            ["namespace"] = Owner.Namespace,
            ["name"] = Owner.Name,
            ["uid"] = Owner.Uid,
            ["hash"] = Hash,
        }.ToJsonString();
        // Kubernetes names end at 253 characters, so this holds; better loud than an entity that looks foreign.
        return json.Length <= MaxLength
            ? json
            : throw new InvalidOperationException($"The ownership mark of {Owner} is longer than {MaxLength}.");
    }

    /// <summary>The mark in <paramref name="metadata"/>, or null when there is none.</summary>
    public static OwnershipMark? Read(string? metadata)
    {
        if (string.IsNullOrEmpty(metadata) || metadata[0] != '{')
        {
            return null;
        }

        try
        {
            var json = JsonNode.Parse(metadata);
            return json.NonEmpty("installation") is { } installation
                ? new OwnershipMark(
                    installation,
                    new BusOwner(
                        json.Text("kind") ?? "",
                        json.Text("namespace") ?? "",
                        json.Text("name") ?? "",
                        json.Text("uid") ?? ""),
                    json.Text("hash") ?? "")
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
