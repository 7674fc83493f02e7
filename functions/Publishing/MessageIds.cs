// Ids of messages we publish: the same step of the same message always has the same id.
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Publishing;

internal static class MessageIds
{
    /// <summary>base32(sha256(source, id)): the same for whatever a producer sends twice.</summary>
    public static string Of(CloudEvent cloudEvent)
    {
        // No character of a URI-reference is NUL, so no two pairs run into the same text.
        var text = $"{cloudEvent[AttributeName.Source]}\0{cloudEvent[AttributeName.Id]}";
        return Base32.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>
    /// base32(sha256(lane, sequence number, step, attempt, event id)): a step repeated after a crash is dropped by the
    /// duplicate detection of the queue it goes to.
    /// </summary>
    public static string Of(string lane, long sequenceNumber, string step, int attempt, string? eventId)
    {
        var size = Encoding.UTF8.GetMaxByteCount(lane.Length + step.Length + (eventId?.Length ?? 0)) + 15;
        var text = size <= 1024 ? stackalloc byte[size] : new byte[size];
        var length = Encoding.UTF8.GetBytes(lane, text);
        text[length++] = 0;
        BinaryPrimitives.WriteInt64BigEndian(text[length..], sequenceNumber);
        length += sizeof(long);
        length += Encoding.UTF8.GetBytes(step, text[length..]);
        text[length++] = 0;
        BinaryPrimitives.WriteInt32BigEndian(text[length..], attempt);
        length += sizeof(int);
        length += Encoding.UTF8.GetBytes(eventId ?? "", text[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..length], hash);
        return Base32.Encode(hash);
    }
}
