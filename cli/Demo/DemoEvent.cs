// One event of the demo and the Triggers it must reach.
namespace ServerlessEventing.Cli.Demo;

/// <summary>An event to send; <paramref name="Reaches"/> names the Triggers that must deliver it once each.</summary>
internal sealed record DemoEvent(
    string Id, string Type, string? Subject, string? Region, bool Structured, IReadOnlyList<string> Reaches);
