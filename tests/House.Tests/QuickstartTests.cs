// What the README promises with kubectl and curl, on one running house.
using System.Net;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class QuickstartTests
{
    [Theory]
    [InlineData("host")]
    [InlineData("pump")]
    public async Task Quickstart_WorksWithKubectl(string door)
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"], door);
        var kubectl = new Kubectl(house);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));
        await using var subscriber = await Subscriber.StartAsync();
        using var producer = new Producer();
        var broker = new Uri(house.Ingress, "/default/default");

        var listed = await kubectl.RunAsync("get", "brokers,triggers");
        Assert.Contains("http://broker-ingress.serverless-eventing.svc.cluster.local/default/default", listed);
        Assert.Equal(4, listed.Split('\n').Count(line => line.Contains("True", StringComparison.Ordinal)));

        // What runs says so, and where; what cannot run here says why.
        await kubectl.RunAsync("wait", "--for=condition=Available", "deployment/event-display", "--timeout=20s");
        Assert.Matches("event-display +127.0.0.1:[0-9]+", await kubectl.RunAsync("get", "endpoints"));
        await kubectl.RunAsync("create", "deployment", "other", "--image=nginx:1");
        await kubectl.RunAsync("wait", "--for=condition=Available=False", "deployment/other", "--timeout=20s");
        Assert.Contains("Nothing on this laptop stands for the image \"nginx:1\"", await kubectl.RunAsync(
            "get", "deployment", "other", "-o", "jsonpath={.status.conditions[0].message}"));

        // A new Trigger routes without a restart; two branches of one filter that both match deliver once.
        const string filters = """[{"any":[{"exact":{"type":"test.one"}},{"prefix":{"type":"test."}}]}]""";
        await kubectl.ApplyAsync(Yaml.Trigger("extra", subscriber.Uri, filters));
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger/extra", "--timeout=20s");
        Assert.Equal(HttpStatusCode.Accepted, (await producer.SendAsync(broker, "a", "test.one")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await producer.SendStructuredAsync(broker, "b", "test.two")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await producer.SendAsync(broker, "c", "other")).StatusCode);
        await Eventually.True(() => subscriber.Seen.ContainsKey("a") && subscriber.Seen.ContainsKey("b"), "a and b");

        // A changed filter is in force once the Trigger is Ready again.
        await kubectl.ApplyAsync(Yaml.Trigger("extra", subscriber.Uri, """[{"exact":{"type":"changed"}}]"""));
        await Eventually.Passes(async () =>
        {
            await producer.SendAsync(broker, $"d{Guid.NewGuid()}", "changed");
            Assert.Contains(subscriber.Seen.Keys, id => id.StartsWith('d'));
        });

        // Deleted: nothing more comes.
        await kubectl.RunAsync("delete", "trigger", "extra", "--timeout=30s");
        await Eventually.True(
            async () => !(await kubectl.RunAsync("get", "subscriptions.eventing.knative.dev")).Contains(
                "default-extra", StringComparison.Ordinal),
            "its Subscription, and with it the bus subscription, is gone");
        await producer.SendAsync(broker, "after", "changed");
        await Eventually.True(
            () => house.Output.Contains("id: after", StringComparison.Ordinal), "the quickstart's display shows it");
        Assert.DoesNotContain("after", subscriber.Seen.Keys);
        Assert.DoesNotContain("c", subscriber.Seen.Keys);
        Assert.Equal(1, subscriber.Seen["a"]);
        Assert.Equal(1, subscriber.Seen["b"]);
    }

    [Fact]
    public async Task Page_EveryCommand_PrintsWhatItSays()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));

        Assert.Equal(11, await new DocumentedCommands(house).RunAsync("samples/quickstart/README.md"));

        // The small order is nobody's.
        Assert.DoesNotContain("order-2", house.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClusterNames_WorkThroughTheProxy()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));
        using var producer = new Producer(house.Proxy);

        var byHost = await producer.SendAsync(
            new Uri("http://default-broker.default.svc.cluster.local/"), "by-host", "com.example.hello");
        var byPath = await producer.SendAsync(
            new Uri("http://broker-ingress.serverless-eventing.svc.cluster.local/default/default"), "by-path", "x");

        Assert.Equal(HttpStatusCode.Accepted, byHost.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, byPath.StatusCode);
        await Eventually.True(
            () => house.Output.Contains("id: by-host", StringComparison.Ordinal)
                && house.Output.Contains("id: by-path", StringComparison.Ordinal),
            "both shown");
    }
}
