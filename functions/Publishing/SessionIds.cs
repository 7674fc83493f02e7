// The session of an event: what is delivered in order is delivered in order within it.
using System.Security.Cryptography;
using System.Text;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Publishing;

/// <summary>
/// Whatever is published to a topic bears one, for a Trigger that asks for order may come at any time; where nobody
/// asks, the bus does not look at it.
/// </summary>
internal static class SessionIds
{
    /// <summary>The session of every event without <c>partitionkey</c>.</summary>
    public const string Unkeyed = "-";

    /// <summary>Service Bus: "session ID … up to 128 characters".</summary>
    private const int MaxLength = 128;

    public static string Of(CloudEvent cloudEvent)
    {
        var key = cloudEvent[AttributeName.PartitionKey];
        return string.IsNullOrEmpty(key) ? Unkeyed
            : key.Length <= MaxLength ? key
            : Base32.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }
}
