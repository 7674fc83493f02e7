// What a write came to.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>The object as the client sees it now, in the version it asked for.</summary>
public sealed record Written(JsonObject Body, bool Created, IReadOnlyList<string> Warnings);
