// Why an operation on the bus failed, in words a program can act on.
namespace ServerlessEventing.ServiceBus;

/// <summary>The set of known reasons for a <see cref="ServiceBusException"/>.</summary>
public enum ServiceBusFailureReason
{
    /// <summary>None of the others; the message says more.</summary>
    GeneralError,

    /// <summary>The lock on the message is lost: another receiver may get the message, or has it.</summary>
    MessageLockLost,

    /// <summary>The message asked for is not there.</summary>
    MessageNotFound,

    /// <summary>The message or batch is larger than the link takes.</summary>
    MessageSizeExceeded,

    /// <summary>The queue, topic, bus subscription or rule does not exist.</summary>
    MessagingEntityNotFound,

    /// <summary>A quota is used up: size of the queue or topic, connections, entities.</summary>
    QuotaExceeded,

    /// <summary>The service asks for patience; try again later.</summary>
    ServiceBusy,

    /// <summary>No answer in time; whether the operation took effect is not known.</summary>
    ServiceTimeout,

    /// <summary>The service could not be reached, or the connection to it was lost.</summary>
    ServiceCommunicationProblem,

    /// <summary>The session is held by another receiver.</summary>
    SessionCannotBeLocked,

    /// <summary>The lock on the session is lost.</summary>
    SessionLockLost,

    /// <summary>The entity is disabled, for this direction or altogether.</summary>
    MessagingEntityDisabled,

    /// <summary>An entity of that name exists.</summary>
    MessagingEntityAlreadyExists,
}
