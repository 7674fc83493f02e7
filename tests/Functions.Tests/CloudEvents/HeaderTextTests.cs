// Runs the header rows of the HTTP binding, and properties over random texts, with the SDK as the oracle.
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents.Http;
using CsCheck;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed class HeaderTextTests
{
    private static readonly JsonElement Rows = JsonDocument.Parse(
        File.ReadAllBytes(Conformance.File("cloudevents-http", "http-header-encoding.json"))).RootElement;

    public static TheoryData<string, string> Encoded => Pairs("encode");

    public static TheoryData<string, string> Decoded => Pairs("decode");

    public static TheoryData<string> Rejected =>
        new(Rows.GetProperty("rejectOnDecode").EnumerateArray().Select(row => row.GetString()!));

    [Theory]
    [MemberData(nameof(Encoded))]
    public void Encode_Row_AsTheBindingSays(string value, string header)
    {
        Assert.Equal(header, HeaderText.Encode(value));
        Assert.True(HeaderText.TryDecode(header, out var back));
        Assert.Equal(value, back);
    }

    [Theory]
    [MemberData(nameof(Decoded))]
    public void Decode_Row_AsTheBindingSays(string value, string header)
    {
        Assert.True(HeaderText.TryDecode(header, out var text));
        Assert.Equal(value, text);
    }

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_MalformedRow_IsRefused(string header) => Assert.False(HeaderText.TryDecode(header, out _));

    [Fact]
    public void Encode_AnyText_IsVisibleAsciiAndComesBack() =>
        Gen.Char.Array[0, 40].Select(chars => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(chars)))
            .Sample(text =>
            {
                var header = HeaderText.Encode(text);
                Assert.DoesNotContain(header, c => c is <= ' ' or >= '\u007f');
                Assert.True(HeaderText.TryDecode(header, out var back));
                Assert.Equal(text, back);
                Assert.Equal(HttpUtilities.EncodeHeaderValue(text), header);
            });

    private static TheoryData<string, string> Pairs(string group)
    {
        var data = new TheoryData<string, string>();
        foreach (var row in Rows.GetProperty(group).EnumerateArray())
        {
            data.Add(row.GetProperty("value").GetString()!, row.GetProperty("header").GetString()!);
        }

        return data;
    }
}
