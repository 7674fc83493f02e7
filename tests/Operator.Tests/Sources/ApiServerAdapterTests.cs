// The receive adapter against a real API server and a real sink: what is told, how, and what is not.
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Operator.Adapters;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Sources;

public sealed class ApiServerAdapterTests(House house) : IClassFixture<House>
{
    [Fact]
    public async Task ResourceMode_MadeChangedDeleted_IsToldWithTheWholeObject()
    {
        var ns = await house.Namespace();
        await MakeConfig(ns, "before");
        await using var sink = await EventSink.StartAsync();
        await using var adapter = await RunningAdapter.StartAsync(
            house, sink, Config(ns, """{"apiVersion": "v1", "kind": "ConfigMap"}""", "Resource"));

        await MakeConfig(ns, "one");
        await house.Patch($"api/v1/namespaces/{ns}/configmaps/one", """{"data": {"n": "2"}}""");
        await house.Delete($"api/v1/namespaces/{ns}/configmaps/one");
        await Eventually.True(() => sink.ChangesOf("one").Count() == 3, "three changes are told");

        Assert.Equal(["add", "update", "delete"], sink.ChangesOf("one"));
        Assert.Empty(sink.ChangesOf("before"));
        var update = sink.Taken.Single(told => told.Type == "dev.knative.apiserver.resource.update");
        Assert.Equal("ConfigMap", update.Data.Text("kind"));
        Assert.Equal("2", update.Data.Text("data", "n"));
        Assert.Equal($"/apis/v1/namespaces/{ns}/configmaps/one", update.Subject);
        Assert.Matches("^https?://127.0.0.1:[0-9]+$", update.Headers["ce-source"]);
        Assert.Equal("application/json", update.Headers["Content-Type"]);
        Assert.Equal(
            ("1.0", "ConfigMap", "v1", "one", ns),
            (update.Headers["ce-specversion"], update.Headers["ce-kind"], update.Headers["ce-apiversion"],
                update.Headers["ce-name"], update.Headers["ce-namespace"]));
        Assert.Distinct(sink.Taken.Select(told => told.Headers["ce-id"]));
    }

    [Fact]
    public async Task ReferenceMode_Change_IsToldWithAReference()
    {
        var ns = await house.Namespace();
        await using var sink = await EventSink.StartAsync();
        await using var adapter = await RunningAdapter.StartAsync(
            house, sink, Config(ns, """{"apiVersion": "apps/v1", "kind": "Deployment"}""", "Reference"),
            """{"extensions": {"region": "north"}}""");
        await house.Apply(Deployment("web"), ns);
        await Eventually.True(() => sink.Taken.Count > 0, "it is told");
        var added = sink.Taken[0];
        Assert.Equal("dev.knative.apiserver.ref.add", added.Type);
        Assert.Equal($"/apis/apps/v1/namespaces/{ns}/deployments/web", added.Subject);
        Assert.Equal(
            $$"""{"kind":"Deployment","namespace":"{{ns}}","name":"web","apiVersion":"apps/v1"}""",
            added.Data!.ToJsonString());
        Assert.Equal("north", added.Headers["ce-region"]);
    }

    [Fact]
    public async Task OldSource_Change_IsToldAsInV07()
    {
        var ns = await house.Namespace();
        await using var sink = await EventSink.StartAsync();
        await using var adapter = await RunningAdapter.StartAsync(house, name => name switch
        {
            "SINK_URI" => sink.Address.ToString(),
            "MODE" => "Ref",
            "API_VERSION" => "v1;v1",
            "KIND" => "ConfigMap;Secret",
            "CONTROLLER" => "false;true",
            "SYSTEM_NAMESPACE" => ns,
            _ => null,
        });
        await MakeOwned(ns, "Secret");
        await house.Apply("apiVersion: v1\nkind: Secret\nmetadata: {name: free}", ns);
        await MakeConfig(ns, "one");
        await Eventually.True(() => sink.ChangesOf("one").Any(), "the ConfigMap is told");
        await Eventually.True(() => sink.ChangesOf("web").Any(), "the owner is told");

        var owner = sink.Taken.Single(told => told.Subject.EndsWith("/web", StringComparison.Ordinal));
        Assert.Equal("dev.knative.apiserver.ref.add", owner.Type);
        Assert.Equal($"/apis/apps/v1/namespaces/{ns}/deployments/web", owner.Subject);
        Assert.False(owner.Headers.ContainsKey("ce-kind"));
        Assert.Empty(sink.ChangesOf("free"));
    }

    [Fact]
    public async Task Selectors_OwnerAndFilters_OnlyMatchingObjectsAreTold()
    {
        var ns = await house.Namespace();
        await using var labelled = await EventSink.StartAsync();
        await using var owned = await EventSink.StartAsync();
        await using var filtered = await EventSink.StartAsync();
        var config = """{"apiVersion": "v1", "kind": "ConfigMap", "selector": "app in (a,b)"}""";
        await using var first = await RunningAdapter.StartAsync(house, labelled, Config(ns, config, "Reference"));
        var all = """{"apiVersion": "v1", "kind": "ConfigMap"}""";
        await using var second = await RunningAdapter.StartAsync(house, owned, Config(
            ns, all, "Reference", """ "owner": {"apiVersion": "apps/v1", "kind": "Deployment"}, """));
        await using var third = await RunningAdapter.StartAsync(house, filtered, Config(
            ns, all, "Reference", """ "filters": [{"suffix": {"type": ".delete"}}], """));

        await house.Apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: labelled, labels: {app: b}}", ns);
        await MakeOwned(ns, "ConfigMap");
        await MakeConfig(ns, "plain");
        await house.Delete($"api/v1/namespaces/{ns}/configmaps/plain");
        await Eventually.True(
            () => labelled.Taken.Count > 0 && owned.Taken.Count > 0 && filtered.Taken.Count > 0, "each tells its own");
        Assert.Equal(["add"], labelled.ChangesOf("labelled"));
        Assert.Equal(["add"], owned.ChangesOf("owned"));
        Assert.Equal(["delete"], filtered.ChangesOf("plain"));
        Assert.Equal((1, 1, 1), (labelled.Taken.Count, owned.Taken.Count, filtered.Taken.Count));
    }

    [Fact]
    public async Task AllNamespaces_AnyOfThem_IsTold()
    {
        var ns = await house.Namespace();
        await using var sink = await EventSink.StartAsync();
        await using var adapter = await RunningAdapter.StartAsync(house, sink, """
            {"allNamespaces": true, "mode": "Reference", "resources": [{"apiVersion": "v1", "kind": "ConfigMap"}]}
            """);
        var other = await house.Namespace();
        await MakeConfig(ns, "here-" + ns);
        await MakeConfig(other, "there-" + other);
        await Eventually.True(
            () => sink.ChangesOf("here-" + ns).Any() && sink.ChangesOf("there-" + other).Any(), "both are told");
    }

    [Fact]
    public async Task Sink_FailsThenTakes_EventIsTriedAgainInOrder()
    {
        var ns = await house.Namespace();
        await using var sink = await EventSink.StartAsync(503, 404, 429);
        await using var adapter = await RunningAdapter.StartAsync(
            house, sink, Config(ns, """{"apiVersion": "v1", "kind": "ConfigMap"}""", "Reference"));
        await MakeConfig(ns, "one");
        await MakeConfig(ns, "two");
        await Eventually.True(() => sink.Taken.Count == 2, "both are taken");
        Assert.Equal(["one", "two"], sink.Taken.Select(told => told.Data.Text("name")));
        Assert.Equal(5, sink.Requests);
    }

    [Fact]
    public async Task Sink_Refuses_EventIsGivenUpAndTheNextGoesOn()
    {
        var ns = await house.Namespace();
        await using var sink = await EventSink.StartAsync(400);
        await using var adapter = await RunningAdapter.StartAsync(
            house, sink, Config(ns, """{"apiVersion": "v1", "kind": "ConfigMap"}""", "Reference"));
        await MakeConfig(ns, "one");
        await MakeConfig(ns, "two");
        await Eventually.True(() => sink.Taken.Count == 1, "the second is taken");
        Assert.Equal("two", sink.Taken[0].Data.Text("name"));
    }

    [Fact]
    public async Task ApiServer_StartsAgain_NothingIsMissedAndNothingInvented()
    {
        var ns = await house.Namespace();
        await MakeConfig(ns, "stays");
        await MakeConfig(ns, "goes");
        await using var sink = await EventSink.StartAsync();
        await using var adapter = await RunningAdapter.StartAsync(
            house, sink, Config(ns, """{"apiVersion": "v1", "kind": "ConfigMap"}""", "Resource"));
        for (var round = 0; round < 3; round++)
        {
            await house.RestartApi();
            await MakeConfig(ns, $"new-{round}");
            await house.Patch($"api/v1/namespaces/{ns}/configmaps/goes", $$$"""{"data": {"n": "r{{{round}}}"}}""");
        }

        await house.Delete($"api/v1/namespaces/{ns}/configmaps/goes");
        await Eventually.True(() => sink.ChangesOf("goes").LastOrDefault() == "delete", "the end is told");
        await Eventually.True(() => sink.ChangesOf("new-2").Any(), "the last one is told");
        Assert.Empty(sink.ChangesOf("stays"));
        Assert.All(Enumerable.Range(0, 3), round => Assert.Equal(["add"], sink.ChangesOf($"new-{round}")));
        Assert.Equal("delete", Assert.Single(sink.ChangesOf("goes"), change => change != "update"));
    }

    [Fact]
    public async Task ApiServer_HistoryIsGone_WhatDiffersIsToldAndNothingElse()
    {
        var ns = await house.Namespace();
        foreach (var name in new[] { "stays", "goes", "changes", "again" })
        {
            await MakeConfig(ns, name);
        }

        await using var sink = await EventSink.StartAsync();
        await using var adapter = await RunningAdapter.StartAsync(
            house, sink, Config(ns, """{"apiVersion": "v1", "kind": "ConfigMap"}""", "Resource"));

        // Another server on the same store: what the adapter's own tells when it is back does not reach so far (410).
        await house.RestartApi(async () =>
        {
            var configMaps = $"api/v1/namespaces/{ns}/configmaps";
            await house.Delete($"{configMaps}/goes");
            await house.Delete($"{configMaps}/again");
            await MakeConfig(ns, "again");
            await MakeConfig(ns, "new");
            await house.Patch($"{configMaps}/changes", """{"data": {"n": "2"}}""");
            await house.Patch($"{configMaps}/changes", """{"data": {"n": "3"}}""");
        });
        await MakeConfig(ns, "last");

        await Eventually.True(() => sink.ChangesOf("last").Any(), "the watch goes on");
        await Eventually.True(() => sink.Taken.Count >= 6, "what differs is told");
        Assert.Equal(["delete"], sink.ChangesOf("goes"));
        Assert.Equal(["delete", "add"], sink.ChangesOf("again"));
        Assert.Equal(["add"], sink.ChangesOf("new"));
        Assert.Equal(["update"], sink.ChangesOf("changes"));
        Assert.Equal("3", sink.Taken.Single(told => told.Subject.EndsWith("/changes", StringComparison.Ordinal))
            .Data.Text("data", "n"));
        Assert.Equal(6, sink.Taken.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MayNotWatch_EndsAtOnceIfToldToAndWaitsOtherwise(bool failsFast)
    {
        var ns = await house.Namespace();
        await using var sink = await EventSink.StartAsync();
        var fast = failsFast ? """ "failFast": true, """ : "";
        var config = Config(ns, """{"apiVersion": "v1", "kind": "ConfigMap"}""", "Resource", fast);
        await using var adapter = RunningAdapter.Start(
            house, name => name == "K_SOURCE_CONFIG" ? config : name == "K_SINK" ? sink.Address.ToString() : null,
            $"system:serviceaccount:{ns}:default");
        if (failsFast)
        {
            Assert.Equal(3, await adapter.Ended.WaitAsync(TimeSpan.FromSeconds(30)));
            return;
        }

        await house.Apply(
            $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: view}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
            subjects: [{kind: ServiceAccount, name: default, namespace: {{ns}} }]
            """,
            ns);
        await adapter.Watching.WaitAsync(TimeSpan.FromSeconds(60));
        await MakeConfig(ns, "one");
        await Eventually.True(() => sink.ChangesOf("one").Any(), "once it may, it tells");
    }

    [Theory]
    [InlineData("K_SINK", "nowhere", "K_SINK is 'nowhere'")]
    [InlineData("K_SOURCE_CONFIG", "{", "not JSON")]
    [InlineData("K_SOURCE_CONFIG", "{}", "K_SOURCE_CONFIG.resources")]
    [InlineData("KIND", "A;B", "same length")]
    public void Setting_Wrong_IsNamed(string name, string value, string message)
    {
        string? Setting(string asked) => asked == name ? value
            : asked == "K_SINK" && name.StartsWith('K') && name != "KIND" ? "http://sink"
            : asked switch { "SINK_URI" => "http://sink", "API_VERSION" => "v1", "CONTROLLER" => "false", _ => null };
        Assert.Null(AdapterOptions.Read(Setting, out var problem));
        Assert.Contains(message, problem, StringComparison.Ordinal);
    }

    private Task MakeConfig(string ns, string name) => house.Apply(
        $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{n: \"1\"}}", ns);

    // The owner has to be there: the cluster collects what an owner has left behind.
    private async Task MakeOwned(string ns, string kind)
    {
        await house.Apply(Deployment("web"), ns);
        var web = await house.Get($"apis/apps/v1/namespaces/{ns}/deployments/web");
        await house.Apply(
            $$"""
            apiVersion: v1
            kind: {{kind}}
            metadata:
              name: owned
              ownerReferences:
              - {apiVersion: apps/v1, kind: Deployment, name: web, uid: "{{web!.Uid}}", controller: true}
            """,
            ns);
    }

    private static string Deployment(string name) =>
        $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{{name}}}}
        spec:
          selector: {matchLabels: {app: {{{name}}} } }
          template:
            metadata: {labels: {app: {{{name}}} } }
            spec: {containers: [{name: c, image: i}]}
        """;

    private static string Config(string ns, string resource, string mode, string more = "") =>
        $$"""{ {{more}} "namespaces": ["{{ns}}"], "mode": "{{mode}}", "resources": [{{resource}}]}""";

    private sealed class RunningAdapter : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly ClusterClient client;
        private readonly Task<int> running;

        private RunningAdapter(ClusterClient client, ApiServerAdapter adapter)
        {
            this.client = client;
            running = adapter.RunAsync(stop.Token);
            Watching = adapter.Watching;
        }

        public Task Watching { get; }

        /// <summary>The exit code.</summary>
        public Task<int> Ended => running;

        public static Task<RunningAdapter> StartAsync(
            House house, EventSink sink, string config, string? overrides = null) =>
            StartAsync(house, name => name switch
            {
                "K_SINK" => sink.Address.ToString(),
                "K_SOURCE_CONFIG" => config,
                "K_CE_OVERRIDES" => overrides,
                _ => null,
            });

        public static async Task<RunningAdapter> StartAsync(House house, Func<string, string?> setting)
        {
            var started = Start(house, setting);
            await started.Watching.WaitAsync(TimeSpan.FromSeconds(30));
            return started;
        }

        public static RunningAdapter Start(House house, Func<string, string?> setting, string? actsAs = null)
        {
            var options = AdapterOptions.Read(setting, out var problem);
            Assert.True(options is not null, problem);
            var filters = FilterReader.Read(options.Filters).Filters;
            var client = ClusterClient.FromKubeconfig(house.Kubeconfig, actsAs);
            return new RunningAdapter(client, new ApiServerAdapter(
                options, FilterCompiler.Compile(filters).Filter!, client, TimeProvider.System, NullLogger.Instance));
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            Assert.Contains(await running, new[] { 0, 3 });
            client.Dispose();
            stop.Dispose();
        }
    }
}
