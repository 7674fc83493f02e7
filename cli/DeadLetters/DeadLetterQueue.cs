// Reads the dead letters without taking them.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.DeadLetters;

/// <summary>The queue <c>eventing-deadletters</c>, peeked.</summary>
internal static class DeadLetterQueue
{
    private const int PageSize = 100;

    public static async Task<IReadOnlyList<DeadLetter>> ReadAsync(
        string connection, int limit, CancellationToken cancellationToken)
    {
        try
        {
            await using var client = new ServiceBusClient(connection);
            await using var receiver = client.CreateReceiver(EntityNames.DeadLetters);
            var letters = new List<DeadLetter>();
            while (letters.Count < limit)
            {
                var from = letters.Count == 0 ? 0 : letters[^1].SequenceNumber + 1;
                var page = await receiver.PeekMessagesAsync(
                    Math.Min(PageSize, limit - letters.Count), from, cancellationToken);
                if (page.Count == 0)
                {
                    break;
                }

                letters.AddRange(page.Select(Read));
            }

            return letters;
        }
        catch (ServiceBusException failure)
        {
            throw new CommandException($"cannot read {EntityNames.DeadLetters}: {failure.Message}");
        }
        catch (ArgumentException failure)
        {
            throw new CommandException($"connection string: {failure.Message}");
        }
    }

    private static DeadLetter Read(ServiceBusReceivedMessage message) => new()
    {
        SequenceNumber = message.SequenceNumber,
        EnqueuedTime = message.EnqueuedTime,
        Reason = Property(message, MessageProperties.DeadLetterReason) ?? message.DeadLetterReason ?? "Unknown",
        Egress = Property(message, MessageProperties.Egress),
        EventId = Property(message, MessageProperties.AttributePrefix + "id"),
        EventType = Property(message, MessageProperties.AttributePrefix + "type"),
        EventSource = Property(message, MessageProperties.AttributePrefix + "source"),
        ErrorDestination = Property(message, MessageProperties.ErrorDestination),
        ErrorCode = Property(message, MessageProperties.ErrorCode),
    };

    private static string? Property(ServiceBusReceivedMessage message, string name) =>
        message.ApplicationProperties.TryGetValue(name, out var value) ? value?.ToString() : null;
}
