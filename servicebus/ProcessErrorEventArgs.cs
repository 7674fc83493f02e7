// What an error handler of a processor is told.
namespace ServerlessEventing.ServiceBus;

/// <summary>What a processor was doing when something failed.</summary>
public enum ServiceBusErrorSource
{
    /// <summary>Completing a message after its handler returned.</summary>
    Complete,

    /// <summary>Giving a message back after its handler failed.</summary>
    Abandon,

    /// <summary>Running the message handler.</summary>
    ProcessMessageCallback,

    /// <summary>Receiving, which includes opening the link.</summary>
    Receive,

    /// <summary>Renewing the lock of a message being handled, or of its session.</summary>
    RenewLock,

    /// <summary>Accepting a session, or running the handler for that.</summary>
    AcceptSession,

    /// <summary>Giving a session back, or running the handler for that.</summary>
    CloseSession,
}

/// <summary>A failure in a processor; it goes on by itself.</summary>
public sealed class ProcessErrorEventArgs : EventArgs
{
    internal ProcessErrorEventArgs(
        Exception exception,
        ServiceBusErrorSource errorSource,
        string fullyQualifiedNamespace,
        string entityPath,
        string identifier,
        CancellationToken cancellationToken)
    {
        Exception = exception;
        ErrorSource = errorSource;
        FullyQualifiedNamespace = fullyQualifiedNamespace;
        EntityPath = entityPath;
        Identifier = identifier;
        CancellationToken = cancellationToken;
    }

    /// <summary>What went wrong.</summary>
    public Exception Exception { get; }

    /// <summary>What the processor was doing.</summary>
    public ServiceBusErrorSource ErrorSource { get; }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace { get; }

    /// <summary>The entity being read.</summary>
    public string EntityPath { get; }

    /// <summary>The processor's name.</summary>
    public string Identifier { get; }

    /// <summary>Cancelled when the processor is asked to stop.</summary>
    public CancellationToken CancellationToken { get; }
}
