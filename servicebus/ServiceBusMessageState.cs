// Where in its life a message is.
namespace ServerlessEventing.ServiceBus;

/// <summary>The state of a message in its queue.</summary>
public enum ServiceBusMessageState
{
    /// <summary>Ready to be received.</summary>
    Active = 0,

    /// <summary>Set aside; only received by its sequence number.</summary>
    Deferred = 1,

    /// <summary>Waits for its time.</summary>
    Scheduled = 2,
}
