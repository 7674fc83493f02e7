// Builds an inbound message from application properties, whichever encoding they came in.
using System.Globalization;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// Sorts properties into the event's (<c>cloudEvents_</c>, and <c>cloudEvents:</c> of foreign senders), ours
/// (<c>eventing_</c>) and others.
/// </summary>
internal sealed class InboundMessageBuilder
{
    private const string ForeignPrefix = "cloudEvents:";
    private const int UsualAttributes = 10;

    private readonly List<EventAttribute> attributes = new(UsualAttributes);
    private List<KeyValuePair<string, object>>? others;
    private EventFault? fault;

    private DedicatedDispatch? dedicated;
    private string? id;
    private string? egress;
    private long since;
    private DeliveryPhase phase;
    private int attempt;
    private int moves;
    private string? expires;
    private string? errorDestination;
    private int errorCode;
    private string? errorData;

    /// <summary>
    /// A message as our own client received it; <paramref name="owner"/> is whose own bus subscription it came from,
    /// where no rule stamps it.
    /// </summary>
    public static InboundMessage Read(string entity, ServiceBusReceivedMessage message, Egress? owner)
    {
        var properties = new InboundMessageBuilder();
        foreach (var (name, value) in message.ApplicationProperties)
        {
            properties.Add(name, value);
        }

        if (owner is not null)
        {
            properties.dedicated = owner.Dedicated;
            properties.egress = owner.Uid;
            properties.since = 0;
        }

        return properties.Build(
            entity, message.SequenceNumber, message.DeliveryCount, message.ContentType, message.Body.ToMemory());
    }

    /// <summary>Adds a property whose value is text.</summary>
    public void AddText(ReadOnlySpan<char> name, string value)
    {
        if (IsAttribute(name))
        {
            AddAttribute(name, value);
            return;
        }

        switch (name)
        {
            case MessageProperties.Id:
                id = value;
                break;
            case MessageProperties.Egress:
                egress = value;
                break;
            case MessageProperties.Phase:
                phase = DeliveryPhases.Parse(value);
                break;
            case MessageProperties.Expires:
                expires = value;
                break;
            case MessageProperties.ErrorDestination:
                errorDestination = value;
                break;
            case MessageProperties.ErrorData:
                errorData = value;
                break;
            case MessageProperties.Since or MessageProperties.Attempt or MessageProperties.Moves
                or MessageProperties.ErrorCode:
                // A number that was carried as text.
                _ = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
                AddNumber(name, number);
                break;
            default:
                AddOther(name, value);
                break;
        }
    }

    /// <summary>Adds a property whose value is a whole number.</summary>
    public void AddNumber(ReadOnlySpan<char> name, long value)
    {
        switch (name)
        {
            case MessageProperties.Since:
                since = value;
                break;
            case MessageProperties.Attempt:
                attempt = (int)Math.Clamp(value, 0, int.MaxValue);
                break;
            case MessageProperties.Moves:
                moves = (int)Math.Clamp(value, 0, int.MaxValue);
                break;
            case MessageProperties.ErrorCode:
                errorCode = (int)Math.Clamp(value, 0, 999);
                break;
            default:
                if (IsAttribute(name))
                {
                    AddAttribute(name, value.ToString(CultureInfo.InvariantCulture));
                }
                else
                {
                    AddOther(name, value);
                }

                break;
        }
    }

    /// <summary>Adds a property of any AMQP type.</summary>
    public void Add(string name, object? value)
    {
        switch (value)
        {
            case string text:
                AddText(name, text);
                break;
            case long or int or short or sbyte or byte or ushort or uint:
                AddNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case bool flag when IsAttribute(name):
                AddAttribute(name, flag ? "true" : "false");
                break;
            case DateTime moment when IsAttribute(name):
                AddAttribute(name, Rfc3339.Write(new DateTimeOffset(moment.ToUniversalTime())));
                break;
            case DateTimeOffset moment when IsAttribute(name):
                AddAttribute(name, Rfc3339.Write(moment));
                break;
            case byte[] bytes when IsAttribute(name):
                AddAttribute(name, Convert.ToBase64String(bytes));
                break;
            case not null when IsAttribute(name):
                AddAttribute(name, value.ToString() ?? "");
                break;
            case not null:
                AddOther(name, value);
                break;
        }
    }

    public InboundMessage Build(
        string lane, long sequenceNumber, int deliveryCount, string? contentType, ReadOnlyMemory<byte> body)
    {
        CloudEvent? cloudEvent = null;
        if (contentType is not null && ContentModes.Of(contentType) == ContentMode.StructuredJson)
        {
            // A foreign sender's: its properties may repeat the attributes, the body is the whole truth.
            fault = null;
            _ = StructuredJson.TryRead(body, out cloudEvent, out fault);
        }
        else
        {
            fault ??= contentType is { Length: > 0 }
                ? AttributeRules.AddTo(attributes, AttributeName.DataContentType, contentType)
                : null;
            if (fault is null)
            {
                _ = CloudEvent.TryCreate(attributes, body, out cloudEvent, out fault);
            }
        }

        return new()
        {
            Lane = lane,
            Dedicated = dedicated,
            SequenceNumber = sequenceNumber,
            DeliveryCount = deliveryCount,
            State = State(),
            Event = cloudEvent,
            Fault = fault,
            Foreign = cloudEvent is null ? new(body, contentType, attributes) : null,
            Others = others is null ? [] : others,
        };
    }

    private DeliveryState State() => new()
    {
        Id = id,
        Egress = egress,
        Since = since,
        Phase = phase,
        Attempt = attempt,
        Moves = moves,
        Expires = expires,
        Failure = errorDestination is null ? null : new(errorDestination, errorCode, errorData),
    };

    private static bool IsAttribute(ReadOnlySpan<char> name) =>
        name.StartsWith(MessageProperties.AttributePrefix) || name.StartsWith(ForeignPrefix);

    private void AddAttribute(ReadOnlySpan<char> property, string value)
    {
        var name = AttributeName.Parse(property[MessageProperties.AttributePrefix.Length..]);
        var found = name is null
            ? new EventFault($"Property {AttributeRules.Shown(property.ToString())} names no CloudEvents attribute.")
            : AttributeRules.AddTo(attributes, name, value);
        if (found is not null)
        {
            fault ??= found;
            AddOther(property, value);
        }
    }

    private void AddOther(ReadOnlySpan<char> name, object value) =>
        (others ??= []).Add(new(name.ToString(), value));
}
