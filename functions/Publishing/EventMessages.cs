// Writes events as Service Bus messages: CloudEvents AMQP binary mode plus the delivery state.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Publishing;

/// <summary>
/// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/amqp-protocol-binding.md#31-binary-content-mode:
/// attributes as <c>cloudEvents_</c> properties with canonical texts, datacontenttype as content-type, data untouched.
/// </summary>
internal static class EventMessages
{
    /// <summary>What a property costs on the wire besides its own characters.</summary>
    private const int PropertyOverhead = 10;

    /// <summary>Writes an event and its state; the caller sets MessageId.</summary>
    public static ServiceBusMessage Write(
        CloudEvent cloudEvent, DeliveryState state, IReadOnlyList<KeyValuePair<string, object>>? others = null)
    {
        var message = new ServiceBusMessage(cloudEvent.Data);
        var properties = message.ApplicationProperties;
        foreach (var (name, text) in cloudEvent.Attributes)
        {
            if (name == AttributeName.DataContentType)
            {
                message.ContentType = text;
            }
            else
            {
                properties[name.Property] = text;
            }
        }

        foreach (var (name, value) in others ?? [])
        {
            properties[name] = value;
        }

        WriteState(state, properties);
        return message;
    }

    /// <summary>Sets the properties of <paramref name="state"/> that say something.</summary>
    public static void WriteState(DeliveryState state, IDictionary<string, object> properties)
    {
        Set(MessageProperties.Id, state.Id);
        Set(MessageProperties.Egress, state.Egress);
        Set(MessageProperties.Expires, state.Expires);
        if (state.Since != 0)
        {
            properties[MessageProperties.Since] = state.Since;
        }

        if (state.Phase != DeliveryPhase.Deliver)
        {
            properties[MessageProperties.Phase] = state.Phase.Text();
        }

        if (state.Attempt != 0)
        {
            properties[MessageProperties.Attempt] = state.Attempt;
        }

        if (state.Moves != 0)
        {
            properties[MessageProperties.Moves] = state.Moves;
        }

        if (state.Failure is { } failure)
        {
            Set(MessageProperties.ErrorDestination, failure.Destination);
            properties[MessageProperties.ErrorCode] = failure.Code;
            Set(MessageProperties.ErrorData, failure.Data);
        }

        void Set(string name, string? text)
        {
            if (text is not null)
            {
                properties[name] = text;
            }
        }
    }

    /// <summary>About how many bytes all properties take on the wire, and the event's largest.</summary>
    public static int PropertyBytes(
        CloudEvent cloudEvent, IReadOnlyList<KeyValuePair<string, object>> others, out string largest)
    {
        var sum = 0;
        var max = -1;
        largest = "";
        foreach (var (name, text) in cloudEvent.Attributes)
        {
            var size = name.Property.Length + System.Text.Encoding.UTF8.GetByteCount(text) + PropertyOverhead;
            sum += size;
            if (size > max)
            {
                (max, largest) = (size, name.Text);
            }
        }

        foreach (var (name, value) in others)
        {
            sum += name.Length + ((string)value).Length + PropertyOverhead;
        }

        return sum;
    }
}
