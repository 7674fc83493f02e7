// A refusal as clients see it: an AMQP error condition and a sentence.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Why the broker did not do what was asked. Conditions are Azure's.</summary>
internal sealed record BrokerError(string Condition, string Description)
{
    public static readonly BrokerError Busy = new(
        "com.microsoft:server-busy", "The store is busy or cannot write; nothing was accepted. Try again.");

    public static readonly BrokerError Throttled = new(
        "com.microsoft:server-busy",
        "The request was terminated because the entity is being throttled. Error code : 50009. Please wait 2 seconds " +
        "and try again.");

    public static readonly BrokerError Internal = new(
        "amqp:internal-error", "The message could not be handled; the emulator's log says why.");

    public static readonly BrokerError LockLost = new(
        "com.microsoft:message-lock-lost",
        "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the " +
        "queue.");

    public static readonly BrokerError SessionLockLost = new(
        "com.microsoft:session-lock-lost",
        "The session lock has expired or was never held on this entity. Accept the session again.");

    public static readonly BrokerError NoSession = new(
        "com.microsoft:timeout", "No session with messages became free in the time the receiver was ready to wait.");

    public static readonly BrokerError NoTransaction = new(
        "amqp:transaction:unknown-id", "There is no such transaction on this connection, or not any more.");

    public static readonly BrokerError TransactionTimeout = new(
        "amqp:transaction:timeout",
        $"The transaction was rolled back: it was open for {Transaction.TimeLimit.TotalMinutes} minutes.");

    public static readonly BrokerError FullTransaction = new(
        "amqp:not-allowed", $"A transaction has at most {Transaction.MaxMessages} messages, sent and settled.");

    public static readonly BrokerError RolledBack = new(
        "amqp:transaction:rollback", "The transaction was rolled back: part of it was refused, or could not be written.");

    public static BrokerError TooManyTransactions(int limit) => new(
        "amqp:resource-limit-exceeded", $"A connection has at most {limit} open transactions.");

    public static BrokerError SessionHeld(string id) => new(
        "com.microsoft:session-cannot-be-locked",
        $"The requested session '{id}' cannot be accepted. It may be locked by another receiver.");

    public static BrokerError NotFound(string path) => new(
        "amqp:not-found", $"The messaging entity '{path}' could not be found. status-code: 404");

    public static BrokerError Unauthorized(string path, string rights) => new(
        "amqp:unauthorized-access",
        $"Unauthorized access to '{path}': no valid token with '{rights}' was put for it. Put one to $cbs first.");

    public static BrokerError Disabled(string path) => new(
        "com.microsoft:entity-disabled", $"The messaging entity '{path}' is disabled for this operation.");

    public static BrokerError TooLarge(long size, long limit) => new(
        "amqp:link:message-size-exceeded",
        $"The message is {size} bytes; the entity takes at most {limit}. Raise MaxMessageSizeInKilobytes or send " +
        "less.");

    public static BrokerError Full(string path, long megabytes) => new(
        "amqp:resource-limit-exceeded",
        $"'{path}' has reached its maximum size of {megabytes} MB. Receive some messages or raise MaxSizeInMegabytes.");

    public static BrokerError Malformed(string reason) => new("amqp:decode-error", reason);

    public static BrokerError Argument(string reason) => new("com.microsoft:argument-error", reason);

    public static BrokerError NotAllowed(string reason) => new("amqp:not-allowed", reason);

    public static BrokerError MessageNotFound(string reason) => new("com.microsoft:message-not-found", reason);
}
