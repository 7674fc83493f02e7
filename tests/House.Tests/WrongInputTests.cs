// Wrong input gets a clear answer, and other Triggers go on.
using System.Net;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class WrongInputTests
{
    [Theory]
    [InlineData("host")]
    [InlineData("pump")]
    public async Task WrongInput_IsAnsweredClearly_AndOthersGoOn(string door)
    {
        using var folder = new TempFolder();
        await using var good = await Subscriber.StartAsync();
        await using var hung = await Subscriber.StartAsync(async context =>
        {
            await Eventually.True(
                () => context.RequestAborted.IsCancellationRequested, "given up", TimeSpan.FromHours(1));
            return 500;
        });
        await File.WriteAllTextAsync(folder["manifests.yaml"], string.Join(
            "\n---\n",
            Yaml.Broker,
            Yaml.Trigger("good", good.Uri, """[{"exact":{"type":"good"}}]"""),
            Yaml.Trigger("hung", hung.Uri, """[{"exact":{"type":"hung"}}]""", """{"timeout":"PT30S"}""")));

        await using var house = new HouseProcess(folder["data"], door);
        await house.StartAsync(folder["manifests.yaml"]);
        using var producer = new Producer();
        var broker = new Uri(house.Ingress, "/default/default");

        await AssertProblemAsync(
            producer, HttpMethod.Post, "/default/nobody", HttpStatusCode.NotFound, house, "nobody");
        await AssertProblemAsync(
            producer, HttpMethod.Get, "/default/default", HttpStatusCode.MethodNotAllowed, house);
        await AssertProblemAsync(producer, HttpMethod.Post, "/TriggerFilter", HttpStatusCode.NotFound, house);
        using var notAnEvent = new HttpRequestMessage(HttpMethod.Post, broker)
        {
            Content = new StringContent("hello", Encoding.UTF8, "text/plain"),
        };
        var refused = await producer.SendAsync(notAnEvent);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("specversion", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var large = new HttpRequestMessage(HttpMethod.Post, broker)
        {
            Content = new ByteArrayContent(new byte[2 * 1024 * 1024]),
        };
        foreach (var (name, value) in new[] { ("specversion", "1.0"), ("id", "l"), ("type", "t"), ("source", "/s") })
        {
            large.Headers.Add("ce-" + name, value);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await producer.SendAsync(large)).StatusCode);

        for (var n = 0; n < 100; n++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await producer.SendAsync(broker, $"hung-{n}", "hung")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await producer.SendAsync(broker, "good-1", "good")).StatusCode);
        await Eventually.True(
            () => good.Seen.ContainsKey("good-1"), "the good Trigger goes on", TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task WrongYaml_IsRefusedByKubectl_OrSaidInACondition()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));

        var (code, _, error) = await kubectl.TryAsync(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: wrong, namespace: default}
            spec: {broker: default, subscriber: {uri: "http://localhost:1/"}, delivery: {retry: -1}}
            """,
            "apply",
            "-f",
            "-");
        Assert.NotEqual(0, code);
        Assert.Contains("retry", error, StringComparison.Ordinal);

        await kubectl.ApplyAsync(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: orphan, namespace: default}
            spec: {broker: nobody, subscriber: {uri: "http://localhost:1/"}}
            """);
        await Eventually.Passes(async () =>
        {
            var described = await kubectl.RunAsync("describe", "trigger", "orphan");
            Assert.Contains("nobody", described.Split("Status:")[1], StringComparison.Ordinal);
        });
    }

    private static async Task AssertProblemAsync(
        Producer producer,
        HttpMethod method,
        string path,
        HttpStatusCode status,
        HouseProcess house,
        string? says = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(house.Ingress, path));
        if (method == HttpMethod.Post)
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            request.Headers.Add("ce-specversion", "1.0");
            request.Headers.Add("ce-id", "1");
            request.Headers.Add("ce-type", "t");
            request.Headers.Add("ce-source", "/s");
        }

        using var answer = await producer.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains(says ?? "detail", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
