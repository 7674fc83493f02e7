// The operations of an entity's $management node.
using System.Collections;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Requests and answers of <c>{entity}/$management</c>, one method an operation.</summary>
internal sealed class Management(
    BusConnection connection, string entityPath, string? sessionId = null, string? sessionLink = null)
{
    private const int NoContent = 204;

    public async Task<DateTimeOffset> RenewLockAsync(Guid lockToken, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            "com.microsoft:renew-lock", new() { ["lock-tokens"] = new[] { lockToken } }, cancellationToken);
        return answer["expirations"] is DateTime[] { Length: > 0 } times
            ? new(DateTime.SpecifyKind(times[0], DateTimeKind.Utc))
            : throw Malformed("expirations");
    }

    public async Task<DateTimeOffset> RenewSessionLockAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync("com.microsoft:renew-session-lock", [], cancellationToken);
        return answer["expiration"] is DateTime time
            ? new(DateTime.SpecifyKind(time, DateTimeKind.Utc))
            : throw Malformed("expiration");
    }

    public async Task<byte[]?> GetSessionStateAsync(CancellationToken cancellationToken) =>
        (await AskAsync("com.microsoft:get-session-state", [], cancellationToken))["session-state"] as byte[];

    public Task SetSessionStateAsync(byte[]? state, CancellationToken cancellationToken) => AskAsync(
        "com.microsoft:set-session-state", new() { ["session-state"] = state }, cancellationToken);

    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekAsync(
        long fromSequenceNumber, int count, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            "com.microsoft:peek-message",
            new() { ["from-sequence-number"] = fromSequenceNumber, ["message-count"] = count },
            cancellationToken);
        return Messages(answer);
    }

    public async Task<long> ScheduleAsync(ServiceBusMessage message, CancellationToken cancellationToken)
    {
        var encoded = MessageConverter.ToAmqp(message, connection.Endpoint.TimeProvider).Encode();
        var entry = new Map
        {
            ["message-id"] = message.MessageId ?? Guid.NewGuid().ToString("N"),
            ["message"] = encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).ToArray(),
        };
        if (message.SessionId is { } sessionId)
        {
            entry["session-id"] = sessionId;
        }

        if (message.PartitionKey is { } partitionKey)
        {
            entry["partition-key"] = partitionKey;
        }

        var answer = await AskAsync(
            "com.microsoft:schedule-message", new() { ["messages"] = new List { entry } }, cancellationToken);
        return answer["sequence-numbers"] is long[] { Length: > 0 } numbers
            ? numbers[0]
            : throw Malformed("sequence-numbers");
    }

    public Task CancelScheduledAsync(long sequenceNumber, CancellationToken cancellationToken) => AskAsync(
        "com.microsoft:cancel-scheduled-message",
        new() { ["sequence-numbers"] = new[] { sequenceNumber } },
        cancellationToken);

    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveDeferredAsync(
        long[] sequenceNumbers, ServiceBusReceiveMode mode, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            "com.microsoft:receive-by-sequence-number",
            new()
            {
                ["sequence-numbers"] = sequenceNumbers,
                ["receiver-settle-mode"] = mode == ServiceBusReceiveMode.PeekLock ? 1u : 0u,
            },
            cancellationToken);
        return Messages(answer);
    }

    /// <summary>Settles by lock token: deferred messages, and those whose link is gone.</summary>
    public Task SettleAsync(Guid lockToken, Settlement settlement, CancellationToken cancellationToken)
    {
        var body = new Map
        {
            ["lock-tokens"] = new[] { lockToken },
            ["disposition-status"] = settlement.Kind switch
            {
                SettlementKind.Complete => "completed",
                SettlementKind.Abandon => "abandoned",

                // The service's own spelling.
                SettlementKind.Defer => "defered",
                _ => "suspended",
            },
        };
        if (settlement.DeadLetterReason is { } reason)
        {
            body["deadletter-reason"] = reason;
        }

        if (settlement.DeadLetterErrorDescription is { } description)
        {
            body["deadletter-description"] = description;
        }

        if (settlement.PropertiesToModify is { Count: > 0 } properties)
        {
            var map = new Map();
            foreach (var (name, value) in properties)
            {
                map[name] = MessageConverter.ToAmqpValue(name, value);
            }

            body["properties-to-modify"] = map;
        }

        return AskAsync("com.microsoft:update-disposition", body, cancellationToken);
    }

    private async Task<Map> AskAsync(string operation, Map body, CancellationToken cancellationToken)
    {
        var link = await connection.GetManagementLinkAsync(entityPath, cancellationToken);
        var request = new Message(body)
        {
            ApplicationProperties = new()
            {
                ["operation"] = operation,
                ["com.microsoft:server-timeout"] = (uint)connection.Endpoint.Timeout.TotalMilliseconds,
            },
        };
        if (sessionId is not null)
        {
            body["session-id"] = sessionId;
            request.ApplicationProperties["associated-link-name"] = sessionLink;
        }

        var answer = await link.AskAsync(request, cancellationToken);
        var properties = answer.ApplicationProperties?.Map;
        var status = properties?.GetValueOrDefault("statusCode") as int? ?? 0;
        return status switch
        {
            NoContent => [],
            >= 200 and < 300 => answer.Body as Map ?? [],
            _ => throw AmqpErrors.ToException(
                status,
                properties?.GetValueOrDefault("errorCondition")?.ToString(),
                properties?.GetValueOrDefault("statusDescription") as string,
                entityPath),
        };
    }

    private static List<ServiceBusReceivedMessage> Messages(Map answer)
    {
        var messages = new List<ServiceBusReceivedMessage>();
        if (answer["messages"] is not IEnumerable entries)
        {
            return messages;
        }

        foreach (var entry in entries)
        {
            if (entry is Map map && map["message"] is byte[] bytes)
            {
                var message = Message.Decode(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
                messages.Add(MessageConverter.ToReceived(
                    message, delivery: null, map["lock-token"] as Guid? ?? Guid.Empty));
            }
        }

        return messages;
    }

    private ServiceBusException Malformed(string name) =>
        new(false, $"The answer of the $management node has no '{name}'", entityPath);
}
