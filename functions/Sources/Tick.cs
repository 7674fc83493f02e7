// One tick of a cron source: the message it becomes on the bus.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Sources;

/// <summary>
/// Everything about a tick follows from the source, its generation and the time, so whichever instance plans it, and
/// however often, it is the same message with the same event id.
/// </summary>
internal readonly record struct Tick(Schedule Schedule, DateTimeOffset At)
{
    /// <summary>What the queue knows duplicates by.</summary>
    public string MessageId => string.Create(
        CultureInfo.InvariantCulture, $"{Schedule.Uid}/{Schedule.Generation}/{At.ToUnixTimeSeconds()}");

    /// <summary>The message, or null when the schedule's attributes make no CloudEvent.</summary>
    /// <param name="since">Generation of a table that has the source.</param>
    /// <param name="time">Makes the id of the event's way; what is past at its now is due at once.</param>
    public ServiceBusMessage? ToMessage(long since, TimeProvider time)
    {
        var attributes = new List<EventAttribute>
        {
            new(AttributeName.SpecVersion, "1.0"),
            new(AttributeName.Id, EventId()),
            new(AttributeName.Source, Schedule.Source),
            new(AttributeName.Type, Schedule.Type),
            new(AttributeName.Time, At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
        };
        if (Schedule.ContentType is { } mediaType)
        {
            attributes.Add(new(AttributeName.DataContentType, mediaType));
        }

        foreach (var (name, text) in Schedule.Attributes)
        {
            if (AttributeName.Parse(name) is { } known)
            {
                attributes.Add(new(known, text));
            }
        }

        if (!CloudEvent.TryCreate(attributes, Schedule.Data ?? [], out var cloudEvent, out _))
        {
            return null;
        }

        var state = new DeliveryState { Id = Ulid.New(time), Egress = Schedule.Uid, Since = since };
        var message = EventMessages.Write(cloudEvent, state);
        message.MessageId = MessageId;
        message.ApplicationProperties[MessageProperties.SourceGeneration] = Schedule.Generation;
        if (At > time.GetUtcNow())
        {
            message.ScheduledEnqueueTime = At;
        }

        return message;
    }

    // A UUID, as Knative's ticks have, but the same one each time.
    private string EventId()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(MessageId), hash);
        return new Guid(hash[..16]).ToString();
    }
}
