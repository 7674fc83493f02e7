// A function app as read from disk: its settings, its handler and its functions.
namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>A validated function app.</summary>
public sealed record FunctionApp
{
    public required string Root { get; init; }

    public required HostSettings Host { get; init; }

    public required IReadOnlyList<FunctionDefinition> Functions { get; init; }
}
