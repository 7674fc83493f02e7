// One Kubernetes object as the user wrote it, and where.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Cli.Manifests;

/// <summary>One object of a manifest file; <paramref name="Where"/> is <c>file:line</c>.</summary>
internal sealed record Manifest(string Where, JsonObject Content)
{
    public string ApiVersion => (string)Content["apiVersion"]!;

    public string Kind => (string)Content["kind"]!;

    public string Name => (string)Content["metadata"]!["name"]!;

    public string? Namespace => (string?)Content["metadata"]!["namespace"];

    public override string ToString() => $"{Kind.ToLowerInvariant()}/{Name}";
}
