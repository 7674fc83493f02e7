// KubernetesClient, the library the operator is built on, against the server.
using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class ClientTests(RunningApi api) : IClassFixture<RunningApi>
{
    // With microseconds: the library leaves a fraction of zeros away, and a real server then refuses the time.
    private static readonly DateTime Then = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMicroseconds(123456);

    [Fact]
    public async Task TypedKinds_CreateReplaceListDelete_RoundTrip()
    {
        var ns = await api.NamespaceAsync();
        var made = await api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap
            {
                Metadata = new() { Name = "c" },
                Data = new Dictionary<string, string> { ["a"] = "b" },
            }, ns);
        made.Data["a"] = "c";
        var replaced = await api.Client.CoreV1.ReplaceNamespacedConfigMapAsync(made, "c", ns);
        Assert.NotEqual(made.ResourceVersion(), replaced.ResourceVersion());
        Assert.Equal("c", (await api.Client.CoreV1.ListNamespacedConfigMapAsync(ns)).Items.Single().Data["a"]);
        await api.Client.CoreV1.DeleteNamespacedConfigMapAsync("c", ns);
        Assert.Empty((await api.Client.CoreV1.ListNamespacedConfigMapAsync(ns)).Items);
    }

    [Fact]
    public async Task Replace_StaleResourceVersion_Is409()
    {
        var ns = await api.NamespaceAsync();
        var lease = await api.Client.CoordinationV1.CreateNamespacedLeaseAsync(
            new V1Lease { Metadata = new() { Name = "l" }, Spec = new() { HolderIdentity = "a" } }, ns);
        await api.Client.CoordinationV1.ReplaceNamespacedLeaseAsync(
            new V1Lease
            {
                Metadata = new() { Name = "l", ResourceVersion = lease.ResourceVersion() },
                Spec = new() { HolderIdentity = "b", RenewTime = Then },
            }, "l", ns);
        var conflict = await Assert.ThrowsAsync<HttpOperationException>(() =>
            api.Client.CoordinationV1.ReplaceNamespacedLeaseAsync(lease, "l", ns));
        Assert.Equal(HttpStatusCode.Conflict, conflict.Response.StatusCode);
        Assert.Contains("the object has been modified", conflict.Response.Content);
    }

    [Fact]
    public async Task UnchangedReplace_KeepsTheResourceVersion()
    {
        var ns = await api.NamespaceAsync();
        var made = await api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new() { Name = "c" } }, ns);
        var same = await api.Client.CoreV1.ReplaceNamespacedConfigMapAsync(made, "c", ns);
        Assert.Equal(made.ResourceVersion(), same.ResourceVersion());
    }

    [Fact]
    public async Task CustomObjects_PatchApplyAndStatus_Work()
    {
        await Manifests.AddWidgetsAsync(api);
        var ns = await api.NamespaceAsync();
        var widgets = new GenericClient(api.Client, "example.org", "v1", "widgets", disposeClient: false);
        await widgets.CreateNamespacedAsync(new Widget
        {
            ApiVersion = "example.org/v1",
            Kind = "Widget",
            Metadata = new() { Name = "w" },
            Spec = new() { ["size"] = 1 },
        }, ns);
        await widgets.PatchNamespacedAsync<Widget>(
            new V1Patch("""{"spec":{"size":2}}""", V1Patch.PatchType.MergePatch), ns, "w");
        await api.Client.CustomObjects.PatchNamespacedCustomObjectAsync(
            new V1Patch("""{"apiVersion":"example.org/v1","kind":"Widget","spec":{"colour":"blue"}}""",
                V1Patch.PatchType.ApplyPatch), "example.org", "v1", ns, "widgets", "w", fieldManager: "test",
            force: true);
        await api.Client.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
            new V1Patch("""{"status":{"phase":"ok"},"spec":{"size":9}}""", V1Patch.PatchType.MergePatch),
            "example.org", "v1", ns, "widgets", "w");
        var read = await widgets.ReadNamespacedAsync<Widget>(ns, "w");
        Assert.Equal(2, read.Spec["size"]!.GetValue<long>());
        Assert.Equal("blue", read.Spec["colour"]!.GetValue<string>());
        Assert.Equal("ok", read.Status["phase"]!.GetValue<string>());
        Assert.Equal(3, read.Metadata.Generation);
    }

    [Fact]
    public async Task Events_CoreAndGroup_AreTheSameObjects()
    {
        var ns = await api.NamespaceAsync();
        await api.Client.EventsV1.CreateNamespacedEventAsync(new Eventsv1Event
        {
            Metadata = new() { Name = "e1" },
            EventTime = Then,
            Regarding = new() { Kind = "Widget", Name = "w", NamespaceProperty = ns },
            Reason = "Tested",
            Note = "it works",
            Type = "Normal",
            Action = "Test",
            ReportingController = "tests",
            ReportingInstance = "tests-1",
        }, ns);
        var found = (await api.Client.CoreV1.ListNamespacedEventAsync(
            ns, fieldSelector: "involvedObject.name=w,reason=Tested")).Items.Single();
        Assert.Equal("it works", found.Message);
        Assert.Equal("tests", found.ReportingComponent);
    }

    [Fact]
    public async Task Watch_ThroughTheLibrary_SeesChanges()
    {
        var ns = await api.NamespaceAsync();
        var seen = new List<WatchEventType>();
        using var deadline = new CancellationTokenSource(Eventually.DefaultDeadline);
        await api.Client.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new() { Name = "c" } }, ns);
        await foreach (var (kind, item) in api.Client.CoreV1.WatchListNamespacedConfigMapAsync(
            ns, cancellationToken: deadline.Token))
        {
            seen.Add(kind);
            if (kind == WatchEventType.Added)
            {
                item.Data = new Dictionary<string, string> { ["a"] = "b" };
                await api.Client.CoreV1.ReplaceNamespacedConfigMapAsync(item, "c", ns);
            }
            else if (kind == WatchEventType.Modified)
            {
                await api.Client.CoreV1.DeleteNamespacedConfigMapAsync("c", ns);
            }
            else
            {
                break;
            }
        }

        Assert.Equal([WatchEventType.Added, WatchEventType.Modified, WatchEventType.Deleted], seen);
    }

    [Fact]
    public async Task LeaderElection_OneHolderAtATime()
    {
        var ns = await api.NamespaceAsync();
        var first = new k8s.LeaderElection.ResourceLock.LeaseLock(api.Client, ns, "leader", "first");
        Assert.True(await first.CreateAsync(Record("first"), CancellationToken.None));
        var second = new k8s.LeaderElection.ResourceLock.LeaseLock(api.Client, ns, "leader", "second");
        Assert.Equal("first", (await second.GetAsync(CancellationToken.None)).HolderIdentity);
        Assert.True(await second.UpdateAsync(Record("second"), CancellationToken.None));
        Assert.False(await first.UpdateAsync(Record("first"), CancellationToken.None));
    }

    [Fact]
    public async Task FiveHundredCreates_AreQuick()
    {
        var ns = await api.NamespaceAsync();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 500; i++)
        {
            await api.Client.CoreV1.CreateNamespacedConfigMapAsync(
                new V1ConfigMap { Metadata = new() { Name = $"c{i}" } }, ns);
        }

        TestContext.Current.SendDiagnosticMessage($"500 creates: {watch.ElapsedMilliseconds} ms");
        Assert.Equal(500, (await api.Client.CoreV1.ListNamespacedConfigMapAsync(ns)).Items.Count);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"500 creates took {watch.Elapsed}");
    }

    private static k8s.LeaderElection.LeaderElectionRecord Record(string holder) => new()
    {
        HolderIdentity = holder,
        LeaseDurationSeconds = 15,
        AcquireTime = Then,
        RenewTime = Then,
    };

    private sealed class Widget : IKubernetesObject<V1ObjectMeta>
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public V1ObjectMeta Metadata { get; set; } = new();

        public JsonObject Spec { get; set; } = [];

        public JsonObject Status { get; set; } = [];
    }
}
