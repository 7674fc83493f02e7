// The bus did something else than a check expects.
namespace ServerlessEventing.Cli.Doctor;

/// <summary>Says what was seen instead.</summary>
internal sealed class ContractException(string message) : Exception(message);
