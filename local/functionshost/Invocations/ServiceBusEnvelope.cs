// Writes the body of a Service Bus message's invocation, byte for byte as the real host does.
using System.Buffers;
using System.Text;
using System.Text.Json;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>
/// The envelope of one Service Bus trigger. Every value follows the contract's encoding rule: objects as objects,
/// dates cut to the second, the exact bytes as base64, all else as a JSON string that holds JSON; nulls left out.
/// </summary>
internal sealed class ServiceBusEnvelope(
    string bindingName, bool binary, string fullyQualifiedNamespace, string clientId)
{
    /// <summary>Bytes that an envelope takes beside twice its application properties and its body.</summary>
    private const int FixedSize = 1536;

    /// <summary>A guess at the size, so that the buffer seldom grows.</summary>
    public static int SizeHint(ServiceBusReceivedMessage message) =>
        FixedSize + (message.Body.ToMemory().Length * 4 / 3) + (message.ApplicationProperties.Count * 128);

    public void Write(IBufferWriter<byte> output, ServiceBusReceivedMessage message, SysValues sys)
    {
        using var writer = new Utf8JsonWriter(output, ContractJson.Options);
        writer.WriteStartObject();
        writer.WriteStartObject("Data"u8);
        var text = binary ? null : Encoding.UTF8.GetString(message.Body.ToMemory().Span);
        if (text is null)
        {
            writer.WriteBase64String(bindingName, message.Body.ToMemory().Span);
        }
        else
        {
            ContractJson.NestedString(writer, Encoding.UTF8.GetBytes(bindingName), text);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("Metadata"u8);
        var body = text is null ? null : BodyProperties.Read(text);
        WriteMetadata(new MetadataWriter(writer, body), message, sys);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteMetadata(MetadataWriter metadata, ServiceBusReceivedMessage message, SysValues sys)
    {
        metadata.Empty("MessageReceiver"u8);
        metadata.Empty("MessageSession"u8);
        metadata.Empty("MessageActions"u8);
        metadata.Empty("SessionActions"u8);
        metadata.Empty("ReceiveActions"u8);
        if (!metadata.IsOverwritten("Client"u8))
        {
            WriteClient(metadata.Writer);
        }

        metadata.Number("DeliveryCount"u8, message.DeliveryCount);
        metadata.String("DeadLetterSource"u8, message.DeadLetterSource);
        metadata.String("LockToken"u8, message.LockToken);
        metadata.Date("ExpiresAtUtc"u8, message.ExpiresAt, withZone: false);
        metadata.Date("ExpiresAt"u8, message.ExpiresAt, withZone: true);
        metadata.Date("EnqueuedTimeUtc"u8, message.EnqueuedTime, withZone: false);
        metadata.Date("EnqueuedTime"u8, message.EnqueuedTime, withZone: true);
        metadata.String("MessageId"u8, message.MessageId);
        metadata.String("ContentType"u8, message.ContentType);
        metadata.String("ReplyTo"u8, message.ReplyTo);
        metadata.Number("SequenceNumber"u8, message.SequenceNumber);
        metadata.String("To"u8, message.To);
        metadata.String("Subject"u8, message.Subject);
        metadata.String("Label"u8, message.Subject);
        metadata.String("CorrelationId"u8, message.CorrelationId);
        metadata.Object("ApplicationProperties"u8, message.ApplicationProperties);
        metadata.Object("UserProperties"u8, message.ApplicationProperties);
        metadata.String("SessionId"u8, message.SessionId);
        metadata.String("ReplyToSessionId"u8, message.ReplyToSessionId);
        metadata.String("PartitionKey"u8, message.PartitionKey);
        if (!metadata.IsOverwritten("sys"u8))
        {
            sys.Write(metadata.Writer);
        }

        metadata.Rest();
    }

    private void WriteClient(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("Client"u8);
        writer.WriteString("FullyQualifiedNamespace"u8, fullyQualifiedNamespace);
        writer.WriteBoolean("IsClosed"u8, false);
        writer.WriteNumber("TransportType"u8, 0);
        writer.WriteString("Identifier"u8, clientId);
        writer.WriteEndObject();
    }
}
