// One event of the demo and the Triggers it must reach.
namespace ServerlessEventing.Cli.Demo;

/// <summary>
/// A CloudEvent to send; <paramref name="Reaches"/> names the Triggers that must deliver it once each.
/// </summary>
internal sealed record DemoEvent(
    string Id, string Type, string? Subject, string? Region, bool Structured, IReadOnlyList<string> Reaches);

/// <summary>A Trigger of the demo, and the Deployment whose ledger tells what it delivered.</summary>
internal sealed record DemoTrigger(string Namespace, string Name, string Deployment);
