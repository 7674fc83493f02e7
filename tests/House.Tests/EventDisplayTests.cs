// What event-display prints and how it answers.
using System.Net;
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.House.Tests;

public sealed class EventDisplayTests
{
    [Fact]
    public void Text_IsKnatives()
    {
        var received = new ReceivedEvent(
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["id"] = "1", ["source"] = "/s", ["specversion"] = "1.0", ["type"] = "t", ["subject"] = "sub",
                ["time"] = "2026-01-01T00:00:00Z", ["datacontenttype"] = "application/json", ["zone"] = "north",
                ["area"] = "51",
            },
            """{"a":{"b":"ä"}}"""u8.ToArray());

        Assert.Equal(
            """
            ☁️  cloudevents.Event
            Context Attributes,
              specversion: 1.0
              type: t
              source: /s
              subject: sub
              id: 1
              time: 2026-01-01T00:00:00Z
              datacontenttype: application/json
            Extensions,
              area: 51
              zone: north
            Data,
              {
                "a": {
                  "b": "ä"
                }
              }
            """,
            EventText.Of(received));
    }

    [Fact]
    public async Task Answers_ComeInTurnForEachEvent()
    {
        var printed = new List<string>();
        await using var display = await EventDisplay.StartAsync(
            new EventDisplayOptions { Answers = [503, 429, 200], Reply = "com.example.answer" },
            printed.Add,
            TimeProvider.System,
            CancellationToken.None);
        using var producer = new Producer();
        var address = new Uri($"http://127.0.0.1:{display.Port}/");

        var codes = new List<HttpStatusCode>();
        foreach (var id in new[] { "a", "a", "b", "a", "a", "b" })
        {
            using var answer = await producer.SendAsync(address, id, "t");
            codes.Add(answer.StatusCode);
        }

        Assert.Equal([503, 429, 503, 200, 200, 429], codes.Select(code => (int)code));
        Assert.Equal(2, printed.Count);
    }

    [Theory]
    [InlineData("--status", "503,abc")]
    [InlineData("--fail", "1", "--refuse")]
    public async Task Options_Wrong_AreToldInOneLine(params string[] args)
    {
        var (code, output) = await Eventing.RunAsync(TimeSpan.FromSeconds(60), ["event-display", .. args]);

        Assert.Equal(1, code);
        Assert.StartsWith("eventing: event-display: ", output, StringComparison.Ordinal);
    }
}
