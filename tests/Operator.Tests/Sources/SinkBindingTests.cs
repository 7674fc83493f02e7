// SinkBindings and ContainerSources, end to end on a small API server; nobody runs the Deployments.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Reconcilers.Sources;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Sources;

public sealed class SinkBindingTests(House house) : IClassFixture<House>
{
    private const string SourcesV1 = "/apis/sources.knative.dev/v1/namespaces";

    [Fact]
    public async Task SubjectByName_GetsTheSink_AndLosesItWhenTheBindingGoes()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        await Deploy(ns, "sender", "app: sender");
        await Bind(ns, "bind", "{apiVersion: apps/v1, kind: Deployment, name: sender}",
            "ceOverrides: {extensions: {team: blue, area: north}}");

        var binding = await house.Ready($"{SourcesV1}/{ns}/sinkbindings/bind");
        Assert.Equal($"http://sink.{ns}.svc.cluster.local", binding.Status.Text("sinkUri"));
        var env = await Env(ns, "sender");
        Assert.Equal(["KEPT", "K_SINK", "K_CE_OVERRIDES"], env.Keys);
        Assert.Equal($"http://sink.{ns}.svc.cluster.local", env["K_SINK"]);
        Assert.Equal("""{"extensions":{"area":"north","team":"blue"}}""", env["K_CE_OVERRIDES"]);

        await house.Delete($"{SourcesV1}/{ns}/sinkbindings/bind");
        await Eventually.True(
            async () => await house.Get($"{SourcesV1}/{ns}/sinkbindings/bind") is null, "the binding is gone");
        Assert.Equal(["KEPT"], (await Env(ns, "sender")).Keys);
        Assert.Null((await house.Get(Deployment(ns, "sender")))!.Annotation("eventing.azure.dev/sink-binding"));
    }

    [Fact]
    public async Task SubjectBySelector_AlsoThoseThatComeLater()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        await Deploy(ns, "first", "app: a, tier: x");
        await Bind(ns, "bind", "{apiVersion: apps/v1, kind: Deployment, selector: {matchLabels: {app: a}, "
            + "matchExpressions: [{key: tier, operator: In, values: [x, y]}]}}");
        await house.Ready($"{SourcesV1}/{ns}/sinkbindings/bind");
        await Deploy(ns, "later", "app: a, tier: y");
        await Deploy(ns, "other", "app: a, tier: z");
        await Deploy(ns, "excluded", "app: a, tier: x, bindings.knative.dev/exclude: 'true'");

        foreach (var name in new[] { "first", "later" })
        {
            await Eventually.Passes(async () => Assert.Contains("K_SINK", (await Env(ns, name)).Keys));
        }

        Assert.Equal("", (await Env(ns, "later"))["K_CE_OVERRIDES"]);
        Assert.DoesNotContain("K_SINK", (await Env(ns, "other")).Keys);
        Assert.DoesNotContain("K_SINK", (await Env(ns, "excluded")).Keys);

        // One that is not meant any more is let go.
        await house.Patch(Deployment(ns, "first"), """{"metadata":{"labels":{"app":"b"}}}""");
        await Eventually.Passes(async () => Assert.DoesNotContain("K_SINK", (await Env(ns, "first")).Keys));
    }

    [Theory]
    [InlineData("apps/v1", "StatefulSet", "statefulsets")]
    [InlineData("apps/v1", "DaemonSet", "daemonsets")]
    [InlineData("apps/v1", "ReplicaSet", "replicasets")]
    [InlineData("batch/v1", "CronJob", "cronjobs")]
    public async Task Subject_OfEachKind_GetsTheSinkInEveryContainerAndLosesIt(
        string version, string kind, string plural)
    {
        var ns = await house.Namespace();
        var template = $$"""
            template:
              metadata: {labels: {name: sender} }
              spec:
                containers: [{name: main, image: example/app, env: [{name: KEPT, value: yes}]}, {name: more, image: i}]
                initContainers: [{name: first, image: example/init}]
            """;
        var spec = kind == "CronJob"
            ? "schedule: '* * * * *'\njobTemplate:\n  spec:\n    " + template.Replace("\n", "\n    ")
            : "selector: {matchLabels: {name: sender} }\n" + template;
        await house.Apply(
            $"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: sender}}\nspec:\n  "
                + spec.Replace("\n", "\n  "),
            ns);
        await Bind(ns, "bind", $"{{apiVersion: {version}, kind: {kind}, name: sender}}",
            sink: "{uri: 'https://sink.example/', CACerts: PEM}");
        await house.Ready($"{SourcesV1}/{ns}/sinkbindings/bind");

        var path = $"/apis/{version}/namespaces/{ns}/{plural}/sender";
        var podSpec = SinkInjection.PodSpec((await house.Get(path))!);
        Assert.All(
            podSpec.Items("containers").Concat(podSpec.Items("initContainers")),
            container => Assert.Equal(
                ["K_SINK", "K_CE_OVERRIDES", "K_CA_CERTS"],
                container.Items("env").Select(item => item.Text("name")).Where(name => name != "KEPT")));
        var variables = podSpec.Items("initContainers").Single().Items("env");
        Assert.Equal(["https://sink.example/", "", "PEM"], variables.Select(item => item.Text("value") ?? ""));

        await house.Delete($"{SourcesV1}/{ns}/sinkbindings/bind");
        await Eventually.True(
            async () => await house.Get($"{SourcesV1}/{ns}/sinkbindings/bind") is null, "the binding is gone");
        podSpec = SinkInjection.PodSpec((await house.Get(path))!);
        Assert.All(
            podSpec.Items("containers").Concat(podSpec.Items("initContainers")),
            container => Assert.DoesNotContain(container.Items("env"), item => item.Text("name") != "KEPT"));
    }

    [Fact]
    public async Task Job_WhoseTemplateIsFixed_IsRefused()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        await house.Apply("""
            apiVersion: batch/v1
            kind: Job
            metadata: {name: once}
            spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: example/app}]}}}
            """, ns);
        await Bind(ns, "bind", "{apiVersion: batch/v1, kind: Job, name: once}");

        await house.Condition($"{SourcesV1}/{ns}/sinkbindings/bind", "SinkBindingAvailable", "False", "SubjectRefused");
        Assert.Contains(
            "spec.template: Invalid value",
            (await house.Get($"{SourcesV1}/{ns}/sinkbindings/bind"))!.Condition("SinkBindingAvailable").Text("message"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sink_ThatComesLateOrChanges_IsFollowed()
    {
        var ns = await house.Namespace();
        await Deploy(ns, "sender", "app: sender");
        await Bind(ns, "bind", "{apiVersion: apps/v1, kind: Deployment, name: sender}");
        await house.Condition($"{SourcesV1}/{ns}/sinkbindings/bind", "SinkProvided", "False", "NotFound");
        Assert.DoesNotContain("K_SINK", (await Env(ns, "sender")).Keys);

        await house.Service(ns, "sink");
        await house.Ready($"{SourcesV1}/{ns}/sinkbindings/bind");
        Assert.Contains("K_SINK", (await Env(ns, "sender")).Keys);

        await house.Patch($"{SourcesV1}/{ns}/sinkbindings/bind",
            """{"spec":{"sink":{"ref":null,"uri":"http://elsewhere.example/in"}}}""");
        await Eventually.Passes(async () =>
            Assert.Equal("http://elsewhere.example/in", (await Env(ns, "sender"))["K_SINK"]));
    }

    [Theory]
    [InlineData("{apiVersion: apps/v1, kind: Deployment, name: absent}", "SubjectMissing")]
    [InlineData("{apiVersion: apps/v1, kind: Deployment, name: a, namespace: elsewhere}", "SubjectInvalid")]
    [InlineData("{apiVersion: apps/v1, kind: Deployment}", "SubjectInvalid")]
    [InlineData("{apiVersion: v1, kind: Service, name: sink}", "SubjectNotPodSpecable")]
    [InlineData("{apiVersion: nowhere.example/v1, kind: Thing, name: a}", "SubjectKindUnknown")]
    public async Task Subject_ThatCannotBeBound_IsSaid(string subject, string reason)
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        await Bind(ns, "bind", subject);

        await house.Condition($"{SourcesV1}/{ns}/sinkbindings/bind", "SinkBindingAvailable", "False", reason);

        await house.Delete($"{SourcesV1}/{ns}/sinkbindings/bind");
        await Eventually.True(
            async () => await house.Get($"{SourcesV1}/{ns}/sinkbindings/bind") is null, "the binding is gone");
    }

    [Fact]
    public async Task TwoBindings_OnOneSubject_DoNotFight()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        await Deploy(ns, "sender", "app: sender");
        await Bind(ns, "one", "{apiVersion: apps/v1, kind: Deployment, name: sender}");
        await house.Ready($"{SourcesV1}/{ns}/sinkbindings/one");
        await Bind(ns, "two", "{apiVersion: apps/v1, kind: Deployment, name: sender}");

        await house.Condition($"{SourcesV1}/{ns}/sinkbindings/two", "SinkBindingAvailable", "False", "SubjectTaken");
    }

    [Fact]
    public async Task ContainerSource_IsADeploymentWithTheSink()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        await house.Apply("""
            apiVersion: sources.knative.dev/v1
            kind: ContainerSource
            metadata: {name: beat}
            spec:
              ceOverrides: {extensions: {team: blue}}
              template:
                metadata: {labels: {app: beat}}
                spec:
                  containers:
                  - {image: example/beat, args: [--period=1], env: [{name: OWN, value: x}]}
              sink: {ref: {apiVersion: v1, kind: Service, name: sink}}
            """, ns);
        await Eventually.Passes(async () => Assert.Equal(
            ["OWN", "K_SINK", "K_CE_OVERRIDES"], (await Env(ns, "beat-deployment")).Keys));

        var deployment = (await house.Get(Deployment(ns, "beat-deployment")))!;
        Assert.Equal("beat", deployment.Spec.Text("template", "metadata", "labels", "app"));
        Assert.Equal("beat", deployment.Spec.Text("selector", "matchLabels", "sources.knative.dev/containerSource"));
        Assert.Equal("beat-0", deployment.Spec.Items("template", "spec", "containers").Single().Text("name"));
        await house.Condition($"{SourcesV1}/{ns}/containersources/beat", "ReceiveAdapterReady", "Unknown",
            "DeploymentUnavailable");
        var generation = deployment.Generation;

        await Available(ns, "beat-deployment");
        var source = await house.Ready($"{SourcesV1}/{ns}/containersources/beat");
        Assert.Equal($"http://sink.{ns}.svc.cluster.local", source.Status.Text("sinkUri"));
        Assert.True((await house.Get($"{SourcesV1}/{ns}/sinkbindings/beat-sinkbinding"))!.IsReady);
        // The two that write the environment write the same.
        Assert.Equal(generation, (await house.Get(Deployment(ns, "beat-deployment")))!.Generation);

        await house.Patch($"{SourcesV1}/{ns}/containersources/beat",
            """{"spec":{"sink":{"ref":null,"uri":"http://elsewhere.example/in"}}}""");
        await Eventually.Passes(async () => Assert.Equal(
            "http://elsewhere.example/in", (await Env(ns, "beat-deployment"))["K_SINK"]));

        await house.Delete($"{SourcesV1}/{ns}/containersources/beat");
        await Eventually.True(
            async () => await house.Get(Deployment(ns, "beat-deployment")) is null
                && await house.Get($"{SourcesV1}/{ns}/sinkbindings/beat-sinkbinding") is null,
            "what it owned is gone");
    }

    [Theory]
    [InlineData("image: example/beat\n  args: [--period=1]\n  env: [{name: OWN, value: x}]", "source")]
    [InlineData(
        "template: {spec: {containers: [{name: own, image: example/beat, args: [--period=1], "
        + "env: [{name: OWN, value: x}]}]}}",
        "own")]
    public async Task OldContainerSource_GivesSinkAsVariableAndArgument(string spec, string container)
    {
        var ns = await house.Namespace();
        await house.Service(ns, "sink");
        var path = $"/apis/sources.eventing.knative.dev/v1alpha1/namespaces/{ns}/containersources/beat";
        await house.Apply($$"""
            apiVersion: sources.eventing.knative.dev/v1alpha1
            kind: ContainerSource
            metadata: {name: beat}
            spec:
              {{spec}}
              sink: {apiVersion: v1, kind: Service, name: sink}
            """, ns);

        var sink = $"http://sink.{ns}.svc.cluster.local";
        Resource? deployment = null;
        await Eventually.Passes(async () => deployment = Assert.Single(
            await house.List($"/apis/apps/v1/namespaces/{ns}/deployments")));
        var made = deployment!.Spec.Items("template", "spec", "containers").Single();
        Assert.Equal(container, made.Text("name"));
        Assert.Equal(["--period=1", $"--sink={sink}"], made.Items("args").Select(arg => arg.Text()));
        Assert.Equal(["OWN", "SINK"], (await Env(ns, deployment.Name)).Keys);
        Assert.Equal("beat", deployment.Spec.Text("template", "metadata", "labels", "eventing.knative.dev/source"));

        await Available(ns, deployment.Name);
        Assert.Equal(sink, (await house.Ready(path)).Status.Text("sinkUri"));
    }

    private static string Deployment(string ns, string name) => $"/apis/apps/v1/namespaces/{ns}/deployments/{name}";

    private Task Deploy(string ns, string name, string labels) => house.Apply($$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{name}}, labels: { {{labels}} } }
        spec:
          selector: {matchLabels: {name: {{name}} } }
          template:
            metadata: {labels: {name: {{name}} } }
            spec: {containers: [{name: main, image: example/app, env: [{name: KEPT, value: yes}]}]}
        """, ns);

    private Task Bind(
        string ns, string name, string subject, string more = "",
        string sink = "{ref: {apiVersion: v1, kind: Service, name: sink} }") => house.Apply($$"""
        apiVersion: sources.knative.dev/v1
        kind: SinkBinding
        metadata: {name: {{name}} }
        spec:
          subject: {{subject}}
          sink: {{sink}}
          {{more}}
        """, ns);

    private Task Available(string ns, string name) => house.Patch(
        $"{Deployment(ns, name)}/status",
        """{"status":{"conditions":[{"type":"Available","status":"True","reason":"MinimumReplicasAvailable"}]}}""");

    private async Task<Dictionary<string, string>> Env(string ns, string name)
    {
        var deployment = await house.Get(Deployment(ns, name));
        return deployment!.Spec.Items("template", "spec", "containers").First().Items("env")
            .ToDictionary(item => item.Text("name")!, item => item.Text("value") ?? "");
    }
}
