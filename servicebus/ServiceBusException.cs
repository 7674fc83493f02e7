// The one exception by which the bus says no; what to do about it is in Reason and IsTransient.
namespace ServerlessEventing.ServiceBus;

/// <summary>An operation on the bus failed.</summary>
public sealed class ServiceBusException : Exception
{
    /// <summary>Describes a failure.</summary>
    public ServiceBusException(
        bool isTransient,
        string message,
        string? entityPath = null,
        ServiceBusFailureReason reason = ServiceBusFailureReason.GeneralError,
        Exception? innerException = null)
        : base(message, innerException)
    {
        IsTransient = isTransient;
        EntityPath = entityPath;
        Reason = reason;
    }

    /// <summary>Describes a failure whose reason decides whether trying again can help.</summary>
    public ServiceBusException(
        string message,
        ServiceBusFailureReason reason,
        string? entityPath = null,
        Exception? innerException = null)
        : this(
            reason is ServiceBusFailureReason.ServiceTimeout
                or ServiceBusFailureReason.ServiceBusy
                or ServiceBusFailureReason.ServiceCommunicationProblem,
            message,
            entityPath,
            reason,
            innerException)
    {
    }

    /// <summary>Whether the same operation may succeed when tried again.</summary>
    public bool IsTransient { get; }

    /// <summary>Why it failed.</summary>
    public ServiceBusFailureReason Reason { get; }

    /// <summary>The entity it failed on, where known.</summary>
    public string? EntityPath { get; }

    /// <inheritdoc />
    public override string Message => EntityPath is null
        ? $"{base.Message} ({Reason})"
        : $"{base.Message} ({Reason}, entity '{EntityPath}')";
}
