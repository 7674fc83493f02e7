// What is written here the CloudEvents SDK reads as the same event, and the other way round: both modes, both ways.
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents.Http;
using CloudNative.CloudEvents.SystemTextJson;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ServerlessEventing.Functions.CloudEvents;
using SdkEvent = CloudNative.CloudEvents.CloudEvent;
using SdkMode = CloudNative.CloudEvents.ContentMode;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed class SdkAgreementTests
{
    private static readonly JsonEventFormatter Sdk = new();

    private static readonly JsonElement Rows = JsonDocument.Parse(
        File.ReadAllBytes(Conformance.File("cloudevents-http", "http-header-encoding.json"))).RootElement;

    public static TheoryData<string, string> Events => StructuredJsonTests.Valid;

    /// <summary>The rows of both directions; some stand in both.</summary>
    public static TheoryData<string, string> Texts => [.. Pairs("encode").Union(Pairs("decode"))];

    [Theory]
    [MemberData(nameof(Events))]
    public async Task Binary_WrittenHere_SdkReadsTheSameEvent(string id, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost/");
        BinaryHttp.Write(Ours(json), request, except: AttributeName.BrokerTtl);
        AssertSame(Theirs(json), await request.ToCloudEventAsync(Sdk), id);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Structured_WrittenHere_SdkReadsTheSameEvent(string id, string json)
    {
        var written = StructuredJsonWriter.Write(Ours(json), except: AttributeName.BrokerTtl);
        AssertSame(Theirs(json), Theirs(Encoding.UTF8.GetString(written.Span)), id);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task Binary_WrittenBySdk_IsReadAsTheSameEvent(string id, string json)
    {
        var theirs = Theirs(json);
        using var content = theirs.ToHttpContent(SdkMode.Binary, Sdk);
        var headers = new HeaderDictionary();
        foreach (var (name, values) in content.Headers.NonValidated)
        {
            headers[name] = new StringValues([.. values]);
        }

        Assert.True(BinaryHttp.TryRead(headers, await content.ReadAsByteArrayAsync(), out var ours, out _), id);
        AssertSame(theirs, ours);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void Structured_WrittenBySdk_IsReadAsTheSameEvent(string id, string json)
    {
        var theirs = Theirs(json);
        Assert.True(StructuredJson.TryRead(Sdk.EncodeStructuredModeMessage(theirs, out _), out var ours, out _), id);
        AssertSame(theirs, ours);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void HeaderText_Row_SdkReadsAndWritesTheSame(string value, string header)
    {
        Assert.Equal(value, HttpUtilities.DecodeHeaderValue(header));
        Assert.Equal(HttpUtilities.EncodeHeaderValue(value), HeaderText.Encode(value));
    }

    private static void AssertSame(SdkEvent expected, SdkEvent actual, string id)
    {
        Assert.Equal(Attributes(expected), Attributes(actual));

        // In binary mode no data and no text are the same.
        Assert.True((expected.Data?.ToString() ?? "") == (actual.Data?.ToString() ?? ""), id);
    }

    private static void AssertSame(SdkEvent expected, CloudEvent actual)
    {
        var attributes = actual.Attributes.ToArray().Select(a => (a.Name.Text, a.Text)).Order();
        Assert.Equal(Attributes(expected), attributes);
        Assert.Equal(expected.Data?.ToString() ?? "", Encoding.UTF8.GetString(actual.Data.Span));
    }

    private static IEnumerable<(string Name, string Text)> Attributes(SdkEvent cloudEvent) => cloudEvent
        .GetPopulatedAttributes()
        .Select(pair => (pair.Key.Name, pair.Key.Format(pair.Value)))
        .Append(("specversion", cloudEvent.SpecVersion.VersionId))
        .Order();

    private static CloudEvent Ours(string json)
    {
        Assert.True(StructuredJson.TryRead(Encoding.UTF8.GetBytes(json), out var ours, out var fault), fault?.Detail);
        return ours;
    }

    private static SdkEvent Theirs(string json) => Sdk.DecodeStructuredModeMessage(
        Encoding.UTF8.GetBytes(json), new("application/cloudevents+json"), null);

    private static IEnumerable<(string Value, string Header)> Pairs(string group) => Rows.GetProperty(group)
        .EnumerateArray()
        .Select(row => (row.GetProperty("value").GetString()!, row.GetProperty("header").GetString()!));
}
