// The scenarios of the CloudEvents conformance suite for the HTTP binding, each with each of its examples.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed partial class HttpBindingFeatureTests
{
    private const string Placeholder = "<contentType>";

    public static TheoryData<string, string> Scenarios
    {
        get
        {
            var feature = File.ReadAllText(Conformance.File("cloudevents-http", "http-protocol-binding.feature"));
            var data = new TheoryData<string, string>();
            foreach (var scenario in feature.Split("Scenario Outline:")[1..])
            {
                foreach (Match example in Cell().Matches(scenario[scenario.IndexOf("Examples:")..]))
                {
                    if (example.Groups[1].Value is var type && type.Contains('/', StringComparison.Ordinal))
                    {
                        data.Add(type, scenario.Replace(Placeholder, type, StringComparison.Ordinal));
                    }
                }
            }

            Assert.Equal(4, data.Count);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Request_ParsedAsHttpRequest_HasTheAttributesAndTheData(string contentType, string scenario)
    {
        var (headers, body) = Request(scenario);
        CloudEvent? parsed;
        var read = ContentModes.Of(contentType) == ContentMode.StructuredJson
            ? StructuredJson.TryRead(body, out parsed, out var fault)
            : BinaryHttp.TryRead(headers, body, out parsed, out fault);
        Assert.True(read, fault?.Detail);

        var expected = AttributeRow().Matches(scenario)
            .Select(row => (row.Groups[1].Value, row.Groups[2].Value))
            .Where(row => row.Item1 != "key");
        Assert.Equal(expected.Order(), parsed!.Attributes.ToArray().Select(a => (a.Name.Text, a.Text)).Order());
        Assert.Equal(
            "Hello World!",
            JsonDocument.Parse(parsed.Data).RootElement.GetProperty("message").GetString());
    }

    private static (HeaderDictionary Headers, byte[] Body) Request(string scenario)
    {
        var request = scenario.Split("\"\"\"")[1].ReplaceLineEndings("\n");
        var lines = request.Split('\n').Select(line => line.Trim()).ToList();
        var end = lines.IndexOf("", 1);
        var headers = new HeaderDictionary();
        foreach (var line in lines[2..end])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return (headers, Encoding.UTF8.GetBytes(string.Join('\n', lines[end..])));
    }

    [GeneratedRegex(@"^\s*\|\s*([^|]+?)\s*\|\s*$", RegexOptions.Multiline)]
    private static partial Regex Cell();

    [GeneratedRegex(@"^\s*\|\s*(\w+)\s*\|\s*([^|]+?)\s*\|\s*$", RegexOptions.Multiline)]
    private static partial Regex AttributeRow();
}
