// Takes a batch (message-format 0x80013700) apart: its data sections are whole encoded messages.
namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>The batch format of Service Bus clients.</summary>
internal static class MessageBatch
{
    public const uint Format = 0x80013700;
    private const int MaxMessages = 4_500;

    public static List<byte[]> Split(byte[] bytes)
    {
        var envelope = WireMessage.Parse(bytes);
        var messages = new List<byte[]>();
        var reader = new WireReader(bytes) { Position = envelope.BodyRange.Start.Value };
        while (!reader.AtEnd)
        {
            if (reader.ReadDescriptor() != 0x75)
            {
                throw new WireFormatException("A batch consists of data sections.");
            }

            messages.Add(reader.ReadBinary().ToArray());
            if (messages.Count > MaxMessages)
            {
                throw new WireFormatException($"A batch has at most {MaxMessages} messages.");
            }
        }

        return messages;
    }
}
