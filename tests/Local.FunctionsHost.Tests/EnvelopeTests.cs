// The bodies of invocations, compared byte for byte with what the real host sent.
using System.Buffers;
using System.Text;
using System.Text.Json;
using ServerlessEventing.Local.FunctionsHost.Invocations;
using ServerlessEventing.Local.FunctionsHost.Timers;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class EnvelopeTests
{
    public static TheoryData<string, int> ServiceBusCaptures()
    {
        var data = new TheoryData<string, int>();
        foreach (var function in (string[])["SbBin", "SbOne", "SbTopic"])
        {
            var count = ServiceBusRequests(function).Count;
            for (var i = 0; i < count; i++)
            {
                data.Add(function, i);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(ServiceBusCaptures))]
    public void ServiceBusBody_OfARecordedMessage_IsTheRecordedBytes(string function, int index)
    {
        var recorded = ServiceBusRequests(function)[index].Body;
        using var document = JsonDocument.Parse(recorded);
        var metadata = document.RootElement.GetProperty("Metadata");
        var data = document.RootElement.GetProperty("Data").GetProperty("msg").GetString()!;
        var binary = function == "SbBin";
        var body = binary ? Convert.FromBase64String(data) : RecordedText(data);
        if (body is null)
        {
            // The recording itself holds replacement characters: the bytes that made them are not known.
            return;
        }

        var output = new ArrayBufferWriter<byte>();
        new ServiceBusEnvelope("msg", binary, "localhost", "id")
            .Write(output, RecordedMessage(metadata, body), Sys(metadata));

        Assert.Equal(recorded, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void ServiceBusBody_WithAllOptionalProperties_KeepsTheRealHostsOrder()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: BinaryData.FromString("x"), messageId: "m", partitionKey: "p", sessionId: "s", replyToSessionId: "rs",
            correlationId: "c", subject: "sub", to: "t", contentType: "ct", replyTo: "r", deadLetterSource: "q",
            sequenceNumber: 7, deliveryCount: 3, lockTokenGuid: Guid.NewGuid());
        var output = new ArrayBufferWriter<byte>();
        new ServiceBusEnvelope("msg", true, "localhost", "id").Write(output, message, SomeSys());

        using var document = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal(
            [
                "MessageReceiver", "MessageSession", "MessageActions", "SessionActions", "ReceiveActions", "Client",
                "DeliveryCount", "DeadLetterSource", "LockToken", "ExpiresAtUtc", "ExpiresAt", "EnqueuedTimeUtc",
                "EnqueuedTime", "MessageId", "ContentType", "ReplyTo", "SequenceNumber", "To", "Subject", "Label",
                "CorrelationId", "ApplicationProperties", "UserProperties", "SessionId", "ReplyToSessionId",
                "PartitionKey", "sys",
            ],
            document.RootElement.GetProperty("Metadata").EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void TextBody_WithMetadataNames_OverwritesMetadata_BinaryBodyDoesNot()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: BinaryData.FromString("""{"MessageId":"SPOOF","DeliveryCount":99,"ApplicationProperties":"x"}"""),
            messageId: "m", deliveryCount: 1);
        var text = new ArrayBufferWriter<byte>();
        var binary = new ArrayBufferWriter<byte>();
        new ServiceBusEnvelope("msg", false, "localhost", "id").Write(text, message, SomeSys());
        new ServiceBusEnvelope("msg", true, "localhost", "id").Write(binary, message, SomeSys());

        var spoofed = Encoding.UTF8.GetString(text.WrittenSpan);
        Assert.Contains("""
            "MessageId":"\"SPOOF\""
            """, spoofed);
        Assert.Contains("""
            "DeliveryCount":"\"99\""
            """, spoofed);
        Assert.Contains("""
            "ApplicationProperties":"\"x\""
            """, spoofed);
        Assert.Contains("""
            "MessageId":"\"m\""
            """, Encoding.UTF8.GetString(binary.WrittenSpan));
    }

    [Fact]
    public void Text_WithEveryKindOfCharacter_IsEscapedAsTheRealHostDoes()
    {
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            messageId: "\"\\/\b\f\n\r\t\u0001\u001f\u007f\u0085\u2028é<>&+'😀");
        var output = new ArrayBufferWriter<byte>();
        new ServiceBusEnvelope("msg", true, "localhost", "id").Write(output, message, SomeSys());

        Assert.Contains(
            """
            "MessageId":"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f
            """ + "\u007f" + """
            \\u0085\\u2028é<>&+'😀\""
            """,
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("timer_useMonitor_pastdue.log", "POST /TickM")]
    [InlineData("timer_useMonitor_retry500.log", "POST /TickM")]
    [InlineData("http_default_mode.log", "POST /Tick")]
    public void TimerBody_OfARecordedRun_IsTheRecordedBytes(string file, string request)
    {
        var captures = Capture.Read(file).Where(capture => capture.RequestLine == request).ToList();
        Assert.NotEmpty(captures);
        foreach (var recorded in captures.Select(capture => capture.Body))
        {
            using var document = JsonDocument.Parse(recorded);
            var timer = document.RootElement.GetProperty("Data").GetProperty("timer");
            var metadata = document.RootElement.GetProperty("Metadata");
            RetryState? retry = null;
            if (metadata.TryGetProperty("RetryContext", out var context))
            {
                if (context.GetProperty("Exception").ValueKind != JsonValueKind.Null)
                {
                    // The real host sends its whole exception; ours is shorter by intent.
                    continue;
                }

                retry = new(
                    context.GetProperty("RetryCount").GetInt32(),
                    context.GetProperty("MaxRetryCount").GetInt32(),
                    Failure: null);
            }

            var output = new ArrayBufferWriter<byte>();
            new TimerEnvelope
            {
                BindingName = "timer",
                Status = timer.GetProperty("ScheduleStatus").Deserialize<ScheduleStatus?>(),
                IsPastDue = timer.GetProperty("IsPastDue").GetBoolean(),
                Retry = retry,
            }.Write(output, Sys(metadata));

            Assert.Equal(recorded, Encoding.UTF8.GetString(output.WrittenSpan));
        }
    }

    private static List<Capture> ServiceBusRequests(string function) =>
        [.. Capture.Read("servicebus_fake_extension.log").Where(capture => capture.RequestLine == $"POST /{function}")];

    private static byte[]? RecordedText(string data)
    {
        var text = JsonSerializer.Deserialize<string>(data)!;
        return text.Contains('\uFFFD') ? null : Encoding.UTF8.GetBytes(text);
    }

    private static ServiceBusReceivedMessage RecordedMessage(JsonElement metadata, byte[] body)
    {
        var properties = new Dictionary<string, object>();
        foreach (var property in metadata.GetProperty("ApplicationProperties").EnumerateObject())
        {
            properties[property.Name] = property.Name switch
            {
                "when" => property.Value.GetDateTimeOffset(),
                "bytes" => property.Value.GetBytesFromBase64(),
                "n" => property.Value.GetInt32(),
                "big" => property.Value.GetInt64(),
                "d" => property.Value.GetDouble(),
                "b" => property.Value.GetBoolean(),
                _ => property.Value.GetString()!,
            };
        }

        var enqueued = metadata.GetProperty("EnqueuedTime").GetDateTimeOffset();
        return ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: BinaryData.FromBytes(body),
            messageId: Inner("MessageId"),
            contentType: Inner("ContentType"),
            subject: Inner("Subject"),
            correlationId: Inner("CorrelationId"),
            properties: properties,
            lockTokenGuid: Guid.Parse(Inner("LockToken")),
            deliveryCount: int.Parse(metadata.GetProperty("DeliveryCount").GetString()!),
            sequenceNumber: long.Parse(metadata.GetProperty("SequenceNumber").GetString()!),
            enqueuedTime: enqueued,
            timeToLive: metadata.GetProperty("ExpiresAt").GetDateTimeOffset() - enqueued);

        string Inner(string name) => JsonSerializer.Deserialize<string>(metadata.GetProperty(name).GetString()!)!;
    }

    private static SysValues Sys(JsonElement metadata)
    {
        var sys = metadata.GetProperty("sys");
        return new(
            sys.GetProperty("MethodName").GetString()!,
            sys.GetProperty("UtcNow").GetDateTimeOffset(),
            sys.GetProperty("RandGuid").GetGuid());
    }

    private static SysValues SomeSys() => new("Sb", DateTimeOffset.UnixEpoch, Guid.NewGuid());
}
