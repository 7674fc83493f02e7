// Turns what goes wrong on the wire into the exceptions that users see.
using System.Net.Sockets;
using System.Security.Authentication;
using Amqp;
using Amqp.Framing;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>The table of error conditions.</summary>
internal static class AmqpErrors
{
    private const string Ours = "ServerlessEventing.";

    public const string LockLost = "com.microsoft:message-lock-lost";
    public const string Timeout = "com.microsoft:timeout";
    public const string DeadLetter = "com.microsoft:dead-letter";

    /// <summary>The exception for an error the broker, or the library on loss of the connection, reported.</summary>
    public static Exception ToException(Error? error, string entityPath)
    {
        if (error is null)
        {
            return Lost("The link or the connection was closed", entityPath);
        }

        return ToException(error.Condition?.ToString() ?? "", error.Description ?? "", entityPath);
    }

    public static Exception ToException(string condition, string description, string entityPath)
    {
        var text = description.Length > 0 ? description : condition;
        return condition switch
        {
            "amqp:unauthorized-access" or "com.microsoft:auth-failed" => new UnauthorizedAccessException(text),
            "amqp:not-allowed" => new InvalidOperationException(text),
            "amqp:not-implemented" => new NotSupportedException(text),
            "com.microsoft:argument-error" or "com.microsoft:argument-out-of-range" => new ArgumentException(text),
            _ => new ServiceBusException(IsTransient(condition), text, entityPath, ReasonOf(condition)),
        };
    }

    /// <summary>The exception for an answer of a $management or $cbs node.</summary>
    public static Exception ToException(int status, string? condition, string? description, string entityPath)
    {
        var text = description ?? $"The request was answered with status {status}";
        if (!string.IsNullOrEmpty(condition))
        {
            return ToException(condition, text, entityPath);
        }

        return status switch
        {
            400 => new ArgumentException(text),
            401 or 403 => new UnauthorizedAccessException(text),
            404 => new ServiceBusException(text, ServiceBusFailureReason.MessagingEntityNotFound, entityPath),
            408 or 504 => new ServiceBusException(text, ServiceBusFailureReason.ServiceTimeout, entityPath),
            409 => new ServiceBusException(text, ServiceBusFailureReason.MessagingEntityAlreadyExists, entityPath),
            410 => new ServiceBusException(text, ServiceBusFailureReason.MessageLockLost, entityPath),
            429 or 503 => new ServiceBusException(text, ServiceBusFailureReason.ServiceBusy, entityPath),
            _ => new ServiceBusException(status >= 500, text, entityPath),
        };
    }

    /// <summary>What users see for an exception of the library or the socket; itself when it is that already.</summary>
    public static Exception Translate(Exception exception, string entityPath) => exception switch
    {
        ServiceBusException or UnauthorizedAccessException => exception,

        // Ours: somebody uses what was disposed of, and trying again does not help.
        ObjectDisposedException { ObjectName: var name } when name.StartsWith(Ours, StringComparison.Ordinal) =>
            exception,
        AmqpException amqp => ToException(amqp.Error, entityPath),
        TimeoutException => new ServiceBusException(
            "No answer in time", ServiceBusFailureReason.ServiceTimeout, entityPath, exception),
        AuthenticationException => new ServiceBusException(
            false,
            $"TLS failed: {exception.Message}",
            entityPath,
            ServiceBusFailureReason.ServiceCommunicationProblem,
            exception),

        // The library ends reads of a closed socket with OperationCanceledException.
        SocketException or IOException or ObjectDisposedException or OperationCanceledException =>
            Lost($"The service could not be reached: {exception.Message}", entityPath, exception),
        _ => exception,
    };

    public static ServiceBusException Lost(string what, string entityPath, Exception? exception = null) =>
        new(what, ServiceBusFailureReason.ServiceCommunicationProblem, entityPath, exception);

    private static ServiceBusFailureReason ReasonOf(string condition) => condition switch
    {
        "amqp:not-found" => ServiceBusFailureReason.MessagingEntityNotFound,
        "amqp:resource-limit-exceeded" => ServiceBusFailureReason.QuotaExceeded,
        "amqp:link:message-size-exceeded" => ServiceBusFailureReason.MessageSizeExceeded,
        "com.microsoft:message-not-found" => ServiceBusFailureReason.MessageNotFound,
        LockLost => ServiceBusFailureReason.MessageLockLost,
        "com.microsoft:session-lock-lost" => ServiceBusFailureReason.SessionLockLost,
        "com.microsoft:session-cannot-be-locked" => ServiceBusFailureReason.SessionCannotBeLocked,
        "com.microsoft:entity-disabled" => ServiceBusFailureReason.MessagingEntityDisabled,
        "com.microsoft:entity-already-exists" => ServiceBusFailureReason.MessagingEntityAlreadyExists,
        "com.microsoft:server-busy" => ServiceBusFailureReason.ServiceBusy,
        Timeout => ServiceBusFailureReason.ServiceTimeout,
        "amqp:connection:forced" or "amqp:connection:redirect" or "amqp:link:detach-forced"
            or "amqp:illegal-state" or "amqp:session:window-violation" or "com.microsoft:operation-cancelled" =>
            ServiceBusFailureReason.ServiceCommunicationProblem,
        _ => ServiceBusFailureReason.GeneralError,
    };

    // "Resource deleted" and "stolen" end a link for good; an internal error and a lost connection do not.
    private static bool IsTransient(string condition) => condition is "amqp:internal-error" or Timeout
        or "com.microsoft:server-busy" or "com.microsoft:operation-cancelled" or "amqp:connection:forced"
        or "amqp:link:detach-forced" or "amqp:link:transfer-limit-exceeded" or "amqp:illegal-state"
        or "amqp:session:window-violation" or "amqp:connection:framing-error";
}
