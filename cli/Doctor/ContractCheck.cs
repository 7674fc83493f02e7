// One thing that a bus must do, or that nobody has written down: what it proves and how to find out.
namespace ServerlessEventing.Cli.Doctor;

/// <summary>What kind of knowledge a check stands for.</summary>
internal enum ContractKind
{
    /// <summary>Documented; the client and everything on it relies on it.</summary>
    Documented,

    /// <summary>Assumed where the documentation is silent; a bus where it does not hold needs another plan.</summary>
    Assumed,
}

/// <summary>A check against a live bus, on entities of its own.</summary>
/// <param name="Name">Short, in words; unique.</param>
/// <param name="Proves">What is known once it holds.</param>
/// <param name="Run">
/// Ends with what was measured or learned, if anything; throws <see cref="ContractException"/> when it does not hold.
/// </param>
internal sealed record ContractCheck(
    string Name, string Proves, Func<BusProbe, CancellationToken, Task<string?>> Run)
{
    public ContractKind Kind { get; init; } = ContractKind.Documented;

    public override string ToString() => Name;
}
