// Runs the JSON format cases of the CloudEvents conformance suite, with the SDK as the oracle.
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents.SystemTextJson;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed class StructuredJsonTests
{
    public static TheoryData<string, string> Valid => Cases("valid-events.json");

    public static TheoryData<string, string> Invalid => Cases("invalid-events.json");

    [Theory]
    [MemberData(nameof(Valid))]
    public void Read_ValidCase_AgreesWithSdk(string id, string json)
    {
        Assert.True(StructuredJson.TryRead(Encoding.UTF8.GetBytes(json), out var ours, out var fault), id + fault);
        var theirs = new JsonEventFormatter().DecodeStructuredModeMessage(
            Encoding.UTF8.GetBytes(json), new("application/cloudevents+json"), null);
        Assert.Equal(theirs.Id, ours[AttributeName.Id]);
        Assert.Equal(theirs.Type, ours[AttributeName.Type]);
        Assert.Equal(theirs.Source?.OriginalString, ours[AttributeName.Source]);
        Assert.Equal(theirs.Subject, ours[AttributeName.Subject]);
        Assert.Equal(theirs.DataContentType, ours.DataContentType);
        Assert.Equal(theirs.Data as string ?? "", Encoding.UTF8.GetString(ours.Data.Span));
        foreach (var (attribute, value) in theirs.GetPopulatedAttributes().Where(pair => pair.Key.IsExtension))
        {
            Assert.Equal(attribute.Format(value), ours[AttributeName.Parse(attribute.Name)!]);
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Read_InvalidCase_IsRefusedAndSaysWhy(string id, string json)
    {
        Assert.False(StructuredJson.TryRead(Encoding.UTF8.GetBytes(json), out _, out var fault), id);
        Assert.NotEmpty(fault.Detail);
    }

    [Theory]
    [InlineData("""{"a":  1.0 , "b": "\u0041\/"}""", null)]
    [InlineData("""{"a":  1.0 , "b": "\u0041\/"}""", "application/json")]
    [InlineData(""" "x" """, "application/vnd.x+json; charset=utf-8")]
    [InlineData("null", "application/json")]
    [InlineData("[1, 2 ,3]", "text/json")]
    public void Read_JsonData_IsTheVeryBytes(string data, string? contentType)
    {
        var ours = Read(Envelope(contentType, $"\"data\":{data}"));
        Assert.Equal(data.Trim(), Encoding.UTF8.GetString(ours.Data.Span));
        Assert.Equal(contentType ?? "application/json", ours.DataContentType);
    }

    [Theory]
    [InlineData("text/plain", "\"data\":\"a\\n\\u20ac\"", "a\n€")]
    [InlineData("application/octet-stream", "\"data_base64\":\"AQID\"", "\u0001\u0002\u0003")]
    [InlineData("application/json", "\"data_base64\":\"e30\\u003d\"", "{}")]
    public void Read_StringOrBase64Data_IsDecoded(string contentType, string member, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Read(Envelope(contentType, member)).Data.Span));

    [Theory]
    [InlineData("\"data\":{}", "text/plain", "data")]
    [InlineData("\"data_base64\":\"e30\"", null, "data_base64")]
    [InlineData("\"data_base64\":7", null, "data_base64")]
    [InlineData("\"id\":\"2\"", null, "id")]
    [InlineData("\"x\":1.5", null, "x")]
    [InlineData("\"x\":3000000000", null, "x")]
    [InlineData("\"x\":\"a\\u0000\"", null, "x")]
    [InlineData("\"dataschema\":\"no-scheme\"", null, "dataschema")]
    public void Read_FaultyMember_NamesIt(string member, string? contentType, string attribute)
    {
        Assert.False(StructuredJson.TryRead(Envelope(contentType, member), out _, out var fault));
        Assert.Equal(attribute, fault.Attribute);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/","type":"t"} x""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/","type":"t","data":{"a":}}""")]
    public void Read_NotOneJsonObject_IsRefused(string json) =>
        Assert.False(StructuredJson.TryRead(Encoding.UTF8.GetBytes(json), out _, out _));

    [Theory]
    [InlineData("""{"a":  1.0}""", "application/json")]
    [InlineData("{not json", "application/json")]
    [InlineData("a \"€\" \n", "text/plain")]
    [InlineData("\u0001", "application/octet-stream")]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void Write_ThenRead_GivesTheSameEvent(string data, string? contentType)
    {
        var attributes = new List<EventAttribute>
        {
            new(AttributeName.SpecVersion, "1.0"),
            new(AttributeName.Id, "1\"€"),
            new(AttributeName.Source, "/s"),
            new(AttributeName.Type, "t"),
            new(AttributeName.BrokerTtl, "9"),
        };
        if (contentType is not null)
        {
            attributes.Add(new(AttributeName.DataContentType, contentType));
        }

        Assert.True(CloudEvent.TryCreate(attributes, Encoding.UTF8.GetBytes(data), out var written, out _));
        var json = StructuredJsonWriter.Write(written, except: AttributeName.BrokerTtl);
        var read = Read(json);
        Assert.Equal("1\"€", read[AttributeName.Id]);
        Assert.Null(read[AttributeName.BrokerTtl]);
        Assert.Equal(contentType, read.DataContentType);
        Assert.Equal(data, Encoding.UTF8.GetString(read.Data.Span));
    }

    private static CloudEvent Read(ReadOnlyMemory<byte> json)
    {
        Assert.True(StructuredJson.TryRead(json, out var cloudEvent, out var fault), fault?.Detail);
        return cloudEvent;
    }

    private static byte[] Envelope(string? contentType, string member) => Encoding.UTF8.GetBytes(
        """{"specversion":"1.0","id":"1","source":"/","type":"t",""" + member
        + (contentType is null ? "}" : $",\"datacontenttype\":\"{contentType}\"}}"));

    private static TheoryData<string, string> Cases(string file)
    {
        var data = new TheoryData<string, string>();
        using var document = JsonDocument.Parse(File.ReadAllBytes(Conformance.File("cloudevents-json", file)));
        foreach (var test in document.RootElement.GetProperty("tests").EnumerateArray())
        {
            data.Add(test.GetProperty("id").GetString()!, test.GetProperty("event").GetRawText());
        }

        return data;
    }
}
