// How one event-display behaves: where it listens, what it writes, how it answers.
namespace ServerlessEventing.Cli.Subscribers;

/// <summary>Settings of one event-display; the same words on the command line and in a Deployment's args.</summary>
internal sealed record EventDisplayOptions
{
    /// <summary>What accepts an event.</summary>
    public const int Accepted = 202;

    /// <summary>Loopback port; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>File that gets one JSON line for each event accepted; null writes none.</summary>
    public string? Ledger { get; init; }

    /// <summary>
    /// The status of the first, second, … answer to each event, the last for all that follow. 2xx accepts it.
    /// </summary>
    public IReadOnlyList<int> Answers { get; init; } = [Accepted];

    /// <summary>Type of a CloudEvent to answer with; null answers without one.</summary>
    public string? Reply { get; init; }

    /// <summary>How long each answer takes.</summary>
    public TimeSpan Delay { get; init; }
}
