// A message on its way through topics and rules: the sender's bytes with the changes made to this copy so far.
using ServerlessEventing.Local.ServiceBus.Rules;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>What rules read and actions change. <see cref="Copy"/> before an action, so that copies stay apart.</summary>
internal sealed class MessageView(WireMessage content) : IMutableMessageProperties
{
    public WireMessage Content { get; } = content;

    public MessageOverlay Overlay { get; set; } = MessageOverlay.None;

    /// <summary>0: not scheduled.</summary>
    public long ScheduledFor { get; set; }

    /// <summary>Time to live as sent; <see cref="long.MaxValue"/> for none.</summary>
    public long TimeToLive { get; set; } = long.MaxValue;

    /// <summary>Unix milliseconds; 0 until it is known, that is, before the first entity has taken the message.</summary>
    public long ExpiresAt { get; set; }

    public int Hops { get; set; }

    /// <summary>When it was first accepted and under which number; kept through auto-forwarding.</summary>
    public long EnqueuedSequence { get; set; }

    public string? SessionId => Field(PropertyFields.GroupId) as string;

    public string? MessageId => Field(PropertyFields.MessageId) as string;

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
        value = position >= 0 ? Field(position) : Other(name);
        return value is not null;
    }

    public void SetUser(string name, object? value) => Overlay = Overlay.WithUser(name, value);

    public void RemoveUser(string name) => Overlay = Overlay.WithUser(name, MessageOverlay.Removed);

    public void SetSystem(string name, object? value)
    {
        var position = PropertyFields.PositionOf(name);
        if (position >= 0)
        {
            Overlay = Overlay.WithField(position, PlainValue.Text(value));
        }
        else if (name.Equals("ScheduledEnqueueTimeUtc", StringComparison.OrdinalIgnoreCase) && value is DateTime time)
        {
            // In force at the next entity it is forwarded to, as on Azure.
            ScheduledFor = new DateTimeOffset(time.ToUniversalTime()).ToUnixTimeMilliseconds();
        }
        else if (name.Equals("TimeToLive", StringComparison.OrdinalIgnoreCase) && value is TimeSpan ttl)
        {
            TimeToLive = (long)ttl.TotalMilliseconds;
        }
    }

    private object? Field(int position) => Overlay.Fields.TryGetValue(position, out var replaced)
        ? replaced
        : PropertyFields.Read(Content.Fields, position);

    private object? Other(string name) => name.ToLowerInvariant() switch
    {
        "scheduledenqueuetimeutc" => ScheduledFor > 0
            ? DateTimeOffset.FromUnixTimeMilliseconds(ScheduledFor).UtcDateTime
            : null,
        "timetolive" => TimeToLive < long.MaxValue ? TimeSpan.FromMilliseconds(TimeToLive) : TimeSpan.MaxValue,
        "partitionkey" => Content.PartitionKey,
        "size" => (long)Content.Size,
        _ => null,
    };
}
