// A reason, in words for the user, why a bench cannot run.
namespace ServerlessEventing.Bench;

/// <summary>Ends a bench with a message and no stack trace.</summary>
internal sealed class BenchException(string message) : Exception(message);
