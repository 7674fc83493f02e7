// The data folder cannot be used; the message says why and what to do.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>The store cannot be opened or is held by another process.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
