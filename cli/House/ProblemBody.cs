// An RFC 9457 problem, as the proxy answers it.
using System.Text.Json.Serialization;

namespace ServerlessEventing.Cli.House;

/// <summary>Members of <c>application/problem+json</c>.</summary>
internal sealed record ProblemBody(string Type, string Title, int Status, string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class ProblemContext : JsonSerializerContext;
