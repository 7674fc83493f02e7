// Tests of binary content mode: what a request's headers make of an event, and the other way round.
using System.Text;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed class BinaryHttpTests
{
    [Fact]
    public void Read_Headers_DecodedTextsAndUntouchedData()
    {
        var headers = Minimal();
        headers["CE-Subject"] = "Euro%20%E2%82%AC";
        headers["ce-time"] = "2018-04-05T17:31:00.123456789+01:00";
        headers["Content-Type"] = "application/json; charset=utf-8";
        headers["foo"] = "not ours";
        var data = Encoding.UTF8.GetBytes("{ not json");

        Assert.True(BinaryHttp.TryRead(headers, data, out var cloudEvent, out var fault), fault?.Detail);
        Assert.Equal("Euro €", cloudEvent[AttributeName.Subject]);
        Assert.Equal("2018-04-05T17:31:00.123456789+01:00", cloudEvent[AttributeName.Time]);
        Assert.Equal("application/json; charset=utf-8", cloudEvent.DataContentType);
        Assert.True(cloudEvent.Data.Span.SequenceEqual(data));
        Assert.Equal(7, cloudEvent.Attributes.Length);
    }

    [Theory]
    [InlineData("ce-id", null, "id")]
    [InlineData("ce-id", "", "id")]
    [InlineData("ce-source", null, "source")]
    [InlineData("ce-source", "/a b", "source")]
    [InlineData("ce-type", null, "type")]
    [InlineData("ce-specversion", null, "specversion")]
    [InlineData("ce-specversion", "19.0", "specversion")]
    [InlineData("ce-specversion", "0.2", "specversion")]
    [InlineData("ce-time", "lunchtime", "time")]
    [InlineData("ce-subject", "%0A", "subject")]
    [InlineData("ce-subject", "\u0001", "subject")]
    [InlineData("ce-subject", "%C0%A0", "subject")]
    [InlineData("ce-datacontenttype", "text/plain", "datacontenttype")]
    [InlineData("ce-data", "x", "ce-data")]
    [InlineData("ce-my_ext", "x", "ce-my_ext")]
    [InlineData("ce-", "x", "ce-")]
    [InlineData("Content-Type", "xyz", "datacontenttype")]
    public void Read_FaultyHeader_NamesTheAttribute(string header, string? value, string attribute)
    {
        var headers = Minimal();
        headers.Remove(header);
        if (value is not null)
        {
            headers[header] = value;
        }

        Assert.False(BinaryHttp.TryRead(headers, default, out _, out var fault));
        Assert.Equal(attribute, fault.Attribute);
    }

    [Fact]
    public void Read_HeaderTwice_IsRefused()
    {
        var headers = Minimal();
        headers["ce-id"] = new(["1", "2"]);
        Assert.False(BinaryHttp.TryRead(headers, default, out _, out var fault));
        Assert.Contains("more than once", fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("0.3")]
    public void Read_KnownVersion_IsKept(string version)
    {
        var headers = Minimal();
        headers["ce-specversion"] = version;
        Assert.True(BinaryHttp.TryRead(headers, default, out var cloudEvent, out _));
        Assert.Equal(version, cloudEvent[AttributeName.SpecVersion]);
    }

    [Theory]
    [InlineData("2018-04-05T17:31:00Z", true)]
    [InlineData("2018-04-05t17:31:00z", true)]
    [InlineData("2018-04-05T17:31:60Z", true)]
    [InlineData("2018-04-05T17:31:00.1+23:59", true)]
    [InlineData("2018-04-05T17:31:00", false)]
    [InlineData("2018-04-05T17:31:00.Z", false)]
    [InlineData("2018-02-30T17:31:00Z", false)]
    [InlineData("2018-13-01T17:31:00Z", false)]
    [InlineData("2018-04-05T24:31:00Z", false)]
    [InlineData("2018-04-05T17:31:00+24:00", false)]
    [InlineData("2018-04-05T17:31:00+0100", false)]
    [InlineData("2018-04-05 17:31:00Z", false)]
    public void Time_Shape_AsRfc3339Says(string text, bool valid) => Assert.Equal(valid, Rfc3339.IsTimestamp(text));

    [Theory]
    [InlineData("application/json", ContentMode.Binary)]
    [InlineData("application/CloudEvents+JSON; charset=utf-8", ContentMode.StructuredJson)]
    [InlineData("application/cloudevents+avro", ContentMode.UnknownStructured)]
    [InlineData("application/cloudevents-batch+json", ContentMode.Batch)]
    [InlineData("", ContentMode.Binary)]
    public void ContentMode_OfType_IsToldByItsPrefix(string contentType, object mode) =>
        Assert.Equal(mode, ContentModes.Of(contentType));

    private static HeaderDictionary Minimal() => new()
    {
        ["ce-specversion"] = "1.0",
        ["ce-id"] = "1",
        ["ce-source"] = "/s",
        ["ce-type"] = "t",
    };
}
