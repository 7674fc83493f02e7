// Knative's own table of what a Broker and a Channel take in: knative/eventing test/rekt/features/{broker,channel}.
using System.Net.Http.Headers;
using System.Text;
using ServerlessEventing.Functions.Tests.House;

namespace ServerlessEventing.Functions.Tests.Ingress;

public sealed class HostDoorIngressConformanceTests(HostHouse house)
    : IngressConformanceTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorIngressConformanceTests(PumpHouse house)
    : IngressConformanceTests(house), IClassFixture<PumpHouse>;

public abstract class IngressConformanceTests(FunctionsHouse house)
{
    private const string Structured = "application/cloudevents+json";

    public static TheoryData<string, int> Rows => new()
    {
        { "specversion 1.0", 202 },
        { "specversion 0.3", 202 },
        { "specversion 19.0", 400 },
        { "without specversion", 400 },
        { "without id", 400 },
        { "without type", 400 },
        { "without source", 400 },
        { "GET", 405 },
        { "binary application/vnd.apache.thrift.binary", 202 },
        { "binary application/xml", 202 },
        { "binary application/json", 202 },
        { "structured 1.0", 202 },
        { "structured 0.3", 202 },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task BrokerIngress(string row, int status) =>
        Assert.Equal(status, await AnswerAsync($"ns/{await house.AddBrokerAsync()}", row));

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task ChannelDataPlane(string row, int status) =>
        Assert.Equal(status, await AnswerAsync($"channels/ns/{await house.AddChannelAsync()}", row));

    private async Task<int> AnswerAsync(string path, string row)
    {
        using var request = house.Request(path);
        var words = row.Split(' ');
        switch (words[0])
        {
            case "specversion":
                request.Headers.Remove("ce-specversion");
                request.Headers.Add("ce-specversion", words[1]);
                break;
            case "without":
                Assert.True(request.Headers.Remove("ce-" + words[1]));
                break;
            case "GET":
                request.Method = HttpMethod.Get;
                request.Content = null;
                break;
            case "binary":
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(words[1]);
                break;
            default:
                request.Content = new StringContent(
                    $$"""{"specversion":"{{words[1]}}","id":"1","type":"t","source":"/s","data":7}""",
                    Encoding.UTF8,
                    Structured);
                break;
        }

        using var response = await house.Http.SendAsync(request);
        return (int)response.StatusCode;
    }
}
