// EventTypes made of the events that come in, on a whole house with that switched on.
using System.Net;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Operator;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class EventTypeTests
{
    [Theory]
    [InlineData("host")]
    [InlineData("pump")]
    public async Task Events_ThatComeIn_BecomeEventTypesAndRepliesToo(string door)
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"], door)
        {
            Environment = { [OperatorOptions.EventTypesVariable] = "true" },
        };
        var kubectl = new Kubectl(house);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));
        await using var replier = await Subscriber.StartAsync(Reply);
        using var producer = new Producer();
        await kubectl.ApplyAsync(Yaml.Trigger("replies", replier.Uri, """[{"exact":{"type":"test.one"}}]"""));
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger/replies", "--timeout=30s");
        var broker = new Uri(house.Ingress, "/default/default");
        for (var n = 0; n < 5; n++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await producer.SendAsync(broker, $"{n}", "test.one")).StatusCode);
        }

        await Eventually.Passes(async () =>
        {
            var types = await kubectl.RunAsync(
                "get", "eventtypes", "-o",
                "jsonpath={range .items[*]}{.spec.type} {.spec.reference.name}{\"\\n\"}{end}");
            var lines = types.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Single(lines, "test.one default");
            Assert.Single(lines, "test.reply default");
        });
        await kubectl.RunAsync("wait", "--for=condition=Ready", "eventtype", "--all", "--timeout=30s");
    }

    private static Task<int> Reply(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["ce-specversion"] = "1.0";
        headers["ce-id"] = Guid.NewGuid().ToString();
        headers["ce-type"] = "test.reply";
        headers["ce-source"] = "/replier";
        return Task.FromResult(StatusCodes.Status200OK);
    }
}
