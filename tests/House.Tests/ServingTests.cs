// The stand-in for Knative Serving: its Service receives events, and a SinkBinding binds it.
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class ServingTests(ServingTests.OneHouse serving) : IClassFixture<ServingTests.OneHouse>
{
    [Theory]
    [InlineData("v1", """{"template":{"spec":{"containers":[{"image":"IMAGE"}]}}}""")]
    [InlineData("v1alpha1",
        """{"runLatest":{"configuration":{"revisionTemplate":{"spec":{"container":{"image":"IMAGE"}}}}}}""")]
    public async Task ServingService_StandsIn_AndReceivesEvents(string version, string spec)
    {
        var kubectl = serving.Kubectl;
        using var producer = new Producer();
        const string image = "gcr.io/knative-releases/knative.dev/eventing/cmd/event_display@sha256:00";
        await kubectl.ApplyAsync($$"""
            {"apiVersion":"serving.knative.dev/{{version}}","kind":"Service",
             "metadata":{"name":"shown-{{version}}","namespace":"default"},
             "spec":{{spec.Replace("IMAGE", image, StringComparison.Ordinal)}} }
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", $"ksvc/shown-{version}", "--timeout=60s");
        await kubectl.ApplyAsync($$$"""
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: shown-{{{version}}}, namespace: default}
            spec:
              broker: default
              subscriber:
                ref: {apiVersion: serving.knative.dev/{{{version}}}, kind: Service, name: shown-{{{version}}} }
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", $"trigger/shown-{version}", "--timeout=60s");

        await producer.SendAsync(
            new Uri(serving.House.Ingress, "/default/default"), $"served-{version}", "com.example.hello");

        await Eventually.Passes(async () => Assert.Contains(
            $"  id: served-{version}", await kubectl.RunAsync("logs", $"deployment/shown-{version}-deployment"),
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServingService_OfASinkBinding_SendsToItsSink_AndLosesItWithTheBinding()
    {
        var kubectl = serving.Kubectl;
        await using var subscriber = await Subscriber.StartAsync();
        await kubectl.ApplyAsync(Yaml.Trigger("beats", subscriber.Uri, """[{"exact":{"site":"north"}}]"""));
        await kubectl.ApplyAsync("""
            apiVersion: serving.knative.dev/v1
            kind: Service
            metadata: {name: beating, namespace: default}
            spec: {template: {spec: {containers: [{image: example/cmd/heartbeats, args: [--period=1]}]}}}
            ---
            apiVersion: sources.knative.dev/v1
            kind: SinkBinding
            metadata: {name: beats, namespace: default}
            spec:
              subject: {apiVersion: serving.knative.dev/v1, kind: Service, name: beating}
              sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}
              ceOverrides: {extensions: {site: north}}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger/beats", "sinkbinding/beats", "--timeout=60s");
        await Eventually.True(() => subscriber.Seen.Count >= 2, "two beats", TimeSpan.FromMinutes(2));
        Assert.Equal(
            "K_SINK K_CE_OVERRIDES",
            await kubectl.RunAsync("get", "ksvc/beating", "-o", "jsonpath={..env[*].name}"));

        await kubectl.RunAsync("delete", "sinkbinding/beats", "--timeout=60s");

        foreach (var left in new[] { "ksvc/beating", "deployment/beating-deployment" })
        {
            await Eventually.Passes(async () => Assert.Equal(
                "", await kubectl.RunAsync("get", left, "-o", "jsonpath={..env[*].name}")));
        }
    }

    /// <summary>A house with a Broker.</summary>
    public sealed class OneHouse : IAsyncLifetime
    {
        private readonly TempFolder folder = new();

        internal HouseProcess House => field ??= new(folder["data"]);

        internal Kubectl Kubectl => field ??= new(House);

        public async ValueTask InitializeAsync()
        {
            await House.StartAsync();
            await Kubectl.ApplyAsync(Yaml.Broker);
        }

        public async ValueTask DisposeAsync()
        {
            await House.DisposeAsync();
            folder.Dispose();
        }
    }
}
