// Tests of the invocation's encoding, with requests recorded from the real Functions host.
using System.Text;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Doors;
using ServerlessEventing.Functions.Publishing;

namespace ServerlessEventing.Functions.Tests.Doors;

public sealed class InvocationEnvelopeTests
{
    private const string Event =
        """{"cloudEvents_specversion":"1.0","cloudEvents_id":"1","cloudEvents_source":"/s","cloudEvents_type":"t",""";

    [Fact]
    public void Read_RecordedBinaryInvocation_BodyAndMetadata()
    {
        var envelope = Recorded("POST /SbBin ");
        Assert.True(InvocationEnvelope.TryRead(envelope, "lane", out var message, out var error), error);
        Assert.Equal("{\"a\":1,\"s\":\"x\\\"y\"}", Encoding.UTF8.GetString(message.Foreign!.Body.Span));
        Assert.Equal("application/json", message.Foreign.ContentType);
        Assert.Equal(42, message.SequenceNumber);
        Assert.Equal(1, message.DeliveryCount);
        Assert.Contains(new("n", 7L), message.Others);
        Assert.Contains(new("ce-type", "t"), message.Others);
        Assert.NotNull(message.Fault);
    }

    [Fact]
    public void Read_RecordedStringInvocation_SaysWhatToSet()
    {
        Assert.False(InvocationEnvelope.TryRead(Recorded("POST /SbOne "), "lane", out _, out var error));
        Assert.Contains("\"dataType\": \"binary\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RecordedBatchInvocation_IsRefused() =>
        Assert.False(InvocationEnvelope.TryRead(Recorded("POST /SbManyBin "), "lane", out _, out _));

    [Fact]
    public void Read_EventWithState_IsWhole()
    {
        var json = """{"Data":{"m":"aGk="},"Metadata":{"DeliveryCount":"3","SequenceNumber":"9","ContentType":"""
            + "\"\\\"text/plain; a=\\\\\\\"b\\\\\\\"\\\"\","
            + "\"ApplicationProperties\":" + Event
            + """
            "eventing_id":"ID","eventing_egress":"uid","eventing_since":12,"eventing_phase":"dead-letter",
            "eventing_attempt":2,"eventing_error_destination":"http://x","eventing_error_code":503,
            "other":true},"sys":{}}}
            """;
        Assert.True(Read(json, out var message, out var error), error);
        Assert.Equal("hi", Encoding.UTF8.GetString(message!.Event!.Data.Span));
        Assert.Equal("text/plain; a=\"b\"", message.Event.DataContentType);
        Assert.Equal(9, message.SequenceNumber);
        Assert.Equal(3, message.DeliveryCount);
        Assert.Equal(
            new DeliveryState
            {
                Id = "ID",
                Egress = "uid",
                Since = 12,
                Phase = DeliveryPhase.DeadLetter,
                Attempt = 2,
                Failure = new("http://x", 503, null),
            },
            message.State);
        Assert.Contains(new("other", true), message.Others);
    }

    [Theory]
    [InlineData("\"3\"")]
    [InlineData("3")]
    [InlineData("\"\\\"3\\\"\"")]
    public void Read_Number_InAnyEncoding(string count)
    {
        var json = """{"Data":{"m":""},"Metadata":{"DeliveryCount":""" + count
            + ",\"ApplicationProperties\":" + Event + "\"x\":1}}}";
        Assert.True(Read(json, out var message, out var error), error);
        Assert.Equal(3, message!.DeliveryCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Data":{"m":{}},"Metadata":{}}""")]
    [InlineData("""{"Data":{"m":"%%%%"},"Metadata":{}}""")]
    [InlineData("""{"Data":{"m":"aGk="},"Metadata":{""")]
    public void Read_Nonsense_IsAnErrorNotACrash(string json)
    {
        Assert.False(Read(json, out _, out var error));
        Assert.NotEmpty(error!);
    }

    [Fact]
    public void Read_AttributeNotAllowed_IsAFaultThatKeepsTheProperty()
    {
        var json = """{"Data":{"m":"aGk="},"Metadata":{"ApplicationProperties":"""
            + Event + "\"cloudEvents_A\":\"x\"}}}";
        Assert.True(Read(json, out var message, out var error), error);
        Assert.Null(message!.Event);
        Assert.NotNull(message.Fault);
        Assert.Contains(new(MessageProperties.AttributePrefix + "A", "x"), message.Others);
        Assert.Equal(4, message.Foreign!.Attributes.Count);
        Assert.Equal(AttributeName.SpecVersion, message.Foreign.Attributes[0].Name);
    }

    private static bool Read(string json, out Functions.Delivery.InboundMessage? message, out string? error) =>
        InvocationEnvelope.TryRead(Encoding.UTF8.GetBytes(json), EntityNames.TriggersLane, out message, out error);

    private static byte[] Recorded(string request)
    {
        var lines = File.ReadAllLines(Conformance.File("functions-host", "servicebus_fake_extension.log"));
        var start = Array.FindIndex(lines, line => line.Contains(request, StringComparison.Ordinal));
        var body = lines[start..].First(line => line.Contains("[body ", StringComparison.Ordinal));
        return Encoding.UTF8.GetBytes(body[(body.IndexOf(']', StringComparison.Ordinal) + 2)..]);
    }
}
