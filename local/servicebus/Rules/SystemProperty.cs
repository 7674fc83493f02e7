// The names that follow `sys.`, in the one spelling that messages are asked with.
using System.Collections.Frozen;

namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>The message's own properties, by the names that rules use.</summary>
public static class SystemProperty
{
    public const string ContentType = "ContentType";
    public const string CorrelationId = "CorrelationId";
    public const string DeadLetterSource = "DeadLetterSource";
    public const string DeliveryCount = "DeliveryCount";
    public const string EnqueuedSequenceNumber = "EnqueuedSequenceNumber";
    public const string EnqueuedTimeUtc = "EnqueuedTimeUtc";
    public const string ExpiresAtUtc = "ExpiresAtUtc";
    public const string Label = "Label";
    public const string MessageId = "MessageId";
    public const string PartitionKey = "PartitionKey";
    public const string ReplyTo = "ReplyTo";
    public const string ReplyToSessionId = "ReplyToSessionId";
    public const string ScheduledEnqueueTimeUtc = "ScheduledEnqueueTimeUtc";
    public const string SequenceNumber = "SequenceNumber";
    public const string SessionId = "SessionId";
    public const string Size = "Size";
    public const string State = "State";
    public const string TimeToLive = "TimeToLive";
    public const string To = "To";
    public const string ViaPartitionKey = "ViaPartitionKey";

    private static readonly FrozenDictionary<string, string> _spelling = new[]
    {
        ContentType, CorrelationId, DeadLetterSource, DeliveryCount, EnqueuedSequenceNumber, EnqueuedTimeUtc,
        ExpiresAtUtc, Label, MessageId, PartitionKey, ReplyTo, ReplyToSessionId, ScheduledEnqueueTimeUtc,
        SequenceNumber, SessionId, Size, State, TimeToLive, To, ViaPartitionKey,
    }.ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The known spelling of a name, or the name as it is when it is not known.</summary>
    public static string Spelled(string name) => _spelling.GetValueOrDefault(name, name);

    /// <summary>Whether a message has a property of this (known) spelling.</summary>
    public static bool IsKnown(string name) => _spelling.ContainsKey(name);
}
