// Reads what receivers put into their outcomes: keys are symbols from some clients, strings from others.
using Amqp.Framing;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Maps of outcomes as plain properties.</summary>
internal static class OutcomeFields
{
    private const string DeadLetterReason = "DeadLetterReason";
    private const string DeadLetterDescription = "DeadLetterErrorDescription";

    /// <summary>Null when there are none. Read as a dictionary: the typed view refuses string keys.</summary>
    public static Dictionary<string, object?>? Plain(Dictionary<object, object>? fields) => fields is not { Count: > 0 }
        ? null
        : fields.ToDictionary(pair => pair.Key.ToString() ?? "", pair => PlainValue.From(pair.Value));

    public static Settlement DeadLetter(Rejected rejected)
    {
        var properties = Plain(rejected.Error?.Info) ?? [];
        properties.Remove(DeadLetterReason, out var reason);
        properties.Remove(DeadLetterDescription, out var description);
        return new Settlement(SettlementKind.DeadLetter)
        {
            DeadLetterReason = reason as string ?? OwnCondition(rejected.Error),
            DeadLetterDescription = description as string ?? rejected.Error?.Description,
            Properties = properties,
        };
    }

    /// <summary>A client that rejects without Service Bus's own condition says why with its condition.</summary>
    private static string? OwnCondition(Error? error)
    {
        var condition = error?.Condition is { } symbol ? (string)symbol : null;
        return condition is "com.microsoft:dead-letter" ? null : condition;
    }
}
