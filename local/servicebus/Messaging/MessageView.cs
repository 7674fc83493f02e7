// A message on its way through topics and rules: the sender's bytes with the changes made to this copy so far.
using ServerlessEventing.Local.ServiceBus.Rules;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// What rules read and actions change. <see cref="Copy"/> before an action, so that copies stay apart.
/// </summary>
internal sealed class MessageView(WireMessage content) : IMutableMessageProperties
{
    public WireMessage Content { get; } = content;

    public MessageOverlay Overlay { get; set; } = MessageOverlay.None;

    /// <summary>0: not scheduled.</summary>
    public long ScheduledFor { get; set; }

    /// <summary>Time to live as sent; <see cref="long.MaxValue"/> for none.</summary>
    public long TimeToLive { get; set; } = long.MaxValue;

    /// <summary>
    /// Unix milliseconds; 0 until it is known, that is, before the first entity has taken the message.
    /// </summary>
    public long ExpiresAt { get; set; }

    public int Hops { get; set; }

    /// <summary>When it was first accepted and under which number; kept through auto-forwarding.</summary>
    public long EnqueuedSequence { get; set; }

    public string? SessionId => Field(PropertyFields.GroupId) as string;

    public string? MessageId => Field(PropertyFields.MessageId) as string;

    /// <summary>A stored message that moves on. Its expiry was fixed when it came.</summary>
    public static MessageView Of(MessageEntry entry, byte[]? overlay, WireMessage content) => new(content)
    {
        Overlay = MessageOverlay.Decode(overlay),
        ScheduledFor = entry.DueTime,
        ExpiresAt = entry.ExpiresAt,
        Hops = entry.Hops,
        EnqueuedSequence = entry.EnqueuedSequence,
    };

    public MessageView Copy() => new(Content)
    {
        Overlay = Overlay,
        ScheduledFor = ScheduledFor,
        TimeToLive = TimeToLive,
        ExpiresAt = ExpiresAt,
        Hops = Hops,
        EnqueuedSequence = EnqueuedSequence,
    };

    public bool TryGetUser(string name, out object? value)
    {
        if (Overlay.TryGetUser(name, out value))
        {
            return !ReferenceEquals(value, MessageOverlay.Removed);
        }

        return Content.User.TryGetValue(name, out value);
    }

    public bool TryGetSystem(string name, out object? value)
    {
        var position = PropertyFields.PositionOf(name);
        if (position >= 0)
        {
            value = Field(position);
            return true;
        }

        value = name switch
        {
            SystemProperty.ScheduledEnqueueTimeUtc when ScheduledFor > 0 =>
                DateTimeOffset.FromUnixTimeMilliseconds(ScheduledFor).UtcDateTime,
            SystemProperty.ExpiresAtUtc when ExpiresAt > 0 =>
                DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAt).UtcDateTime,
            SystemProperty.TimeToLive when TimeToLive < long.MaxValue => TimeSpan.FromMilliseconds(TimeToLive),
            SystemProperty.TimeToLive => TimeSpan.MaxValue,
            SystemProperty.PartitionKey => Content.PartitionKey,
            SystemProperty.Size => (long)Content.Size,
            SystemProperty.DeliveryCount => 0,
            _ => null,
        };
        return SystemProperty.IsKnown(name);
    }

    public void SetUser(string name, object? value) => Overlay = Overlay.WithUser(name, value);

    public void RemoveUser(string name) => Overlay = Overlay.WithUser(name, MessageOverlay.Removed);

    public void SetSystem(string name, object? value)
    {
        var position = PropertyFields.PositionOf(name);
        if (position >= 0)
        {
            Overlay = Overlay.WithField(position, PlainValue.Text(value));
            return;
        }

        switch (name, value)
        {
            case (SystemProperty.ScheduledEnqueueTimeUtc, DateTime time):
                // In force at the next entity it is forwarded to, as on Azure.
                ScheduledFor = new DateTimeOffset(time.ToUniversalTime()).ToUnixTimeMilliseconds();
                break;
            case (SystemProperty.TimeToLive, TimeSpan ttl):
                TimeToLive = (long)ttl.TotalMilliseconds;
                break;
            default:
                throw new RuleEvaluationException($"sys.{name} cannot be set to a {value?.GetType().Name ?? "null"}.");
        }
    }

    private object? Field(int position) => Overlay.Fields.TryGetValue(position, out var replaced)
        ? replaced
        : PropertyFields.Read(Content.Fields, position);
}
