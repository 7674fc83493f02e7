// The autoscaler beside a real API: what it makes of ScaledObjects, and what it says of them.
using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Scaling;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Workloads.Tests.Scaling;

/// <summary>Sixty times as fast as a cluster; the Deployments' image does not run here: only numbers change.</summary>
public sealed class AutoscalerTests : IAsyncLifetime
{
    private const string Collection = "/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects";

    private const string Kind = """
        {"metadata":{"name":"scaledobjects.keda.sh"},
         "spec":{"group":"keda.sh","scope":"Namespaced",
           "names":{"kind":"ScaledObject","listKind":"ScaledObjectList",
                    "plural":"scaledobjects","singular":"scaledobject"},
           "versions":[{"name":"v1alpha1","served":true,"storage":true,"subresources":{"status":{}},
             "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
        """;

    private readonly ConcurrentDictionary<string, ScalerAnswer> counts = new();
    private readonly ConcurrentQueue<ScaleChange> changes = new();
    private Machine machine = null!;
    private Autoscaler autoscaler = null!;

    public async ValueTask InitializeAsync()
    {
        machine = await Machine.StartAsync();
        await machine.SendAsync(
            HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Kind);
        Start();
    }

    public async ValueTask DisposeAsync()
    {
        await autoscaler.DisposeAsync();
        await machine.DisposeAsync();
    }

    [Fact]
    public async Task Count_RisesAndFalls_ReplicasFollow_FromNoneToMaxToNone()
    {
        counts["q"] = new ScalerAnswer { Value = 0, Target = 10 };
        await MakeAsync("web", "\"maxReplicaCount\":3");
        await ReplicasAsync("web", 0);
        await ActiveAsync("False");

        counts["q"] = new ScalerAnswer { Value = 95, Target = 10 };
        await ReplicasAsync("web", 3);
        Assert.Equal("True", await ConditionAsync("web", "Ready"));
        await ActiveAsync("True");

        counts["q"] = new ScalerAnswer { Value = 5, Target = 10 };
        await ReplicasAsync("web", 1);
        counts["q"] = new ScalerAnswer { Value = 0, Target = 10 };
        await ReplicasAsync("web", 0);
        // A Deployment is made with one; then KEDA's first one, the autoscaler's others, and back.
        Assert.Equal([0, 1, 3], changes.Take(3).Select(change => change.To));
        Assert.Equal(0, changes.Last().To);
    }

    [Fact]
    public async Task Count_CannotBeHad_NothingIsTakenAway_AndTheStatusSaysWhy()
    {
        counts["q"] = new ScalerAnswer { Problem = "401 from the bus" };
        await MakeAsync("web", "\"minReplicaCount\":0");
        await Eventually.Passes(async () =>
        {
            Assert.Equal("False", await ConditionAsync("web", "Ready"));
            Assert.Contains("401 from the bus", await TextAsync("web"), StringComparison.Ordinal);
        });
        Assert.Empty(changes);
    }

    [Theory]
    [InlineData("timertrigger", "Deployment", "web", "no scaler found for type: timertrigger")]
    [InlineData("test", "StatefulSet", "web", "only Deployments run here")]
    [InlineData("test", "Deployment", "nobody", "not found")]
    public async Task WhatCannotBeFollowed_IsSaid(string type, string kind, string target, string why)
    {
        counts["q"] = new ScalerAnswer { Value = 0 };
        await MakeAsync("web", "\"minReplicaCount\":0", type, kind, target);
        await Eventually.Passes(async () =>
            Assert.Contains(why, await TextAsync("web"), StringComparison.Ordinal));
        Assert.Equal("False", await ConditionAsync("web", "Ready"));
        Assert.Equal(1, (int?)(await machine.DeploymentAsync("web"))["spec"]!["replicas"]);
    }

    [Fact]
    public async Task Restart_WithinTheCooldown_GoesOnCountingFromTheLastActivity()
    {
        counts["q"] = new ScalerAnswer { Value = 1, Target = 10 };
        await MakeAsync("web", "\"cooldownPeriod\":36000");
        await ActiveAsync("True");

        await autoscaler.DisposeAsync();
        counts["q"] = new ScalerAnswer { Value = 0, Target = 10 };
        Start();

        await ActiveAsync("False");
        await ReplicasAsync("web", 1);
        Assert.DoesNotContain(changes, change => change.To == 0);
    }

    private Task ActiveAsync(string status) =>
        Eventually.Passes(async () => Assert.Equal(status, await ConditionAsync("web", "Active")));

    private void Start() => autoscaler = Autoscaler.Start(new AutoscalerOptions
    {
        Api = machine.CreateClient(),
        Scalers = new Dictionary<string, ScalerQuestion>
        {
            ["test"] = (metadata, _) => Task.FromResult(counts[metadata["name"]]),
        },
        Speed = 60,
        Scaled = changes.Enqueue,
    });

    private async Task MakeAsync(
        string name, string spec, string type = "test", string kind = "Deployment", string target = "web")
    {
        await machine.DeployAsync("web", "\"image\":\"nothing/here\"");
        await machine.SendAsync(HttpMethod.Post, Collection, $$$"""
            {"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","metadata":{"name":"{{{name}}}"},
             "spec":{ {{{spec}}}, "scaleTargetRef":{"kind":"{{{kind}}}","name":"{{{target}}}"},
               "triggers":[{"type":"{{{type}}}","useCachedMetrics":true,"metadata":{"name":"q"}}] } }
            """);
    }

    private Task ReplicasAsync(string name, int wanted) => Eventually.Passes(
        async () => Assert.Equal(wanted, (int?)(await machine.DeploymentAsync(name))["spec"]!["replicas"]),
        TimeSpan.FromSeconds(60));

    private async Task<string> ConditionAsync(string name, string type) =>
        (string)(await machine.SendAsync(HttpMethod.Get, $"{Collection}/{name}"))["status"]!["conditions"]!.AsArray()
            .Single(condition => (string?)condition!["type"] == type)!["status"]!;

    private async Task<string> TextAsync(string name) =>
        (await machine.SendAsync(HttpMethod.Get, $"{Collection}/{name}")).ToJsonString();
}
