// What is to become of a received message.
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>The four ways to settle.</summary>
internal enum SettlementKind
{
    Complete,
    Abandon,
    DeadLetter,
    Defer,
}

/// <summary>A way to settle with what goes along.</summary>
internal sealed record Settlement(SettlementKind Kind)
{
    public static readonly Settlement Complete = new(SettlementKind.Complete);

    public IDictionary<string, object>? PropertiesToModify { get; init; }

    public string? DeadLetterReason { get; init; }

    public string? DeadLetterErrorDescription { get; init; }

    public Outcome ToOutcome() => Kind switch
    {
        SettlementKind.Complete => new Accepted(),
        SettlementKind.Abandon => new Modified { MessageAnnotations = ToFields() },
        SettlementKind.Defer => new Modified { UndeliverableHere = true, MessageAnnotations = ToFields() },
        _ => new Rejected
        {
            Error = new Error(new Symbol(AmqpErrors.DeadLetter)) { Info = ToFields() },
        },
    };

    private Fields? ToFields()
    {
        var fields = new Fields();
        foreach (var (name, value) in PropertiesToModify ?? new Dictionary<string, object>())
        {
            fields[new Symbol(name)] = MessageConverter.ToAmqpValue(name, value);
        }

        if (DeadLetterReason is { } reason)
        {
            fields[new Symbol("DeadLetterReason")] = reason;
        }

        if (DeadLetterErrorDescription is { } description)
        {
            fields[new Symbol("DeadLetterErrorDescription")] = description;
        }

        return fields.Count > 0 ? fields : null;
    }
}
