// The emulator cannot start; the message says why and what to do.
namespace ServerlessEventing.Local.ServiceBus;

/// <summary>A port that is taken, or a data folder that cannot be used.</summary>
public sealed class EmulatorStartException(string message, Exception inner) : Exception(message, inner);
