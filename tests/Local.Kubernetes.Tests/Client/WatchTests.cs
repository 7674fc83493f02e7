// The watch protocol on the wire.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class WatchTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Fact]
    public async Task FromAResourceVersion_OnlyWhatCameAfter()
    {
        var path = await ConfigMapsAsync();
        await CreateAsync(path, "a");
        var list = (await api.SendAsync(HttpMethod.Get, path)).Body;
        var version = list["metadata"]!["resourceVersion"]!.GetValue<string>();
        await CreateAsync(path, "b");
        var events = await api.WatchUntilAsync($"{path}?watch=true&resourceVersion={version}", _ => true);
        Assert.Equal("b", NameOf(events.Single()));
    }

    [Fact]
    public async Task WatchList_InitialStateThenMarkedBookmarkThenChanges()
    {
        api.SkipBefore(32, "WatchList");
        var path = await ConfigMapsAsync();
        await CreateAsync(path, "a");
        var events = await api.WatchUntilAsync(
            $"{path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
            one => NameOf(one) == "b", () => CreateAsync(path, "b"));
        Assert.Equal(["ADDED", "BOOKMARK", "ADDED"], events.Select(one => one["type"]!.GetValue<string>()));
        Assert.Equal("true",
            events[1]["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>());
    }

    [Fact]
    public async Task WatchList_WithoutMatch_Is422()
    {
        api.SkipBefore(27, "the parameters of WatchList");
        var path = await ConfigMapsAsync();
        var (code, body) = await api.SendAsync(HttpMethod.Get, $"{path}?watch=true&sendInitialEvents=true");
        Assert.Equal(422, code);
        Assert.Equal("Invalid", body["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task LabelChange_MovesObjectsInAndOutOfView()
    {
        var path = await ConfigMapsAsync();
        var events = await api.WatchUntilAsync(
            $"{path}?watch=true&labelSelector=seen%3Dyes", one => $"{one["type"]}" == "DELETED", async () =>
            {
                await CreateAsync(path, "a");
                await LabelAsync(path, "a", "yes");
                await LabelAsync(path, "a", "no");
            });
        Assert.Equal(["ADDED", "DELETED"], events.Select(one => one["type"]!.GetValue<string>()));
    }

    [Fact]
    public async Task TooOld_AnswersOneErrorEvent410()
    {
        var path = await ConfigMapsAsync();
        await CreateAsync(path, "a");
        RunningApi.SkipOnCluster("it keeps no history across a restart");
        await api.RestartAsync();
        var events = await api.WatchUntilAsync($"{path}?watch=true&resourceVersion=1", _ => true);
        Assert.Equal("ERROR", events.Single()["type"]!.GetValue<string>());
        Assert.Equal(410, events[0]["object"]!["code"]!.GetValue<int>());
        Assert.Equal("Expired", events[0]["object"]!["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task TooNew_Is504ThatAsksToRetry()
    {
        // A real server waits for that version, which here may never come: the data were of another server.
        RunningApi.SkipOnCluster("what it answers to a version yet to come");
        var path = await ConfigMapsAsync();
        var (code, body) = await api.SendAsync(HttpMethod.Get, $"{path}?watch=true&resourceVersion=999999999");
        Assert.Equal(504, code);
        Assert.Contains("Too large resource version", body["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task TimeoutSeconds_EndsAQuietWatchWithABookmark()
    {
        var path = await ConfigMapsAsync();
        var events = await api.WatchUntilAsync(
            $"{path}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true", _ => false);
        // A real server may end it without one.
        Assert.True(events.Count == 1 || (RunningApi.UsesCluster && events.Count == 0), $"{events.Count} events");
        Assert.All(events, one => Assert.Equal("BOOKMARK", $"{one["type"]}"));
    }

    [Fact]
    public async Task HundredWatchers_EachSeesEachChange()
    {
        var path = await ConfigMapsAsync();
        var ready = 0;
        var go = new TaskCompletionSource();
        var watches = Enumerable.Range(0, 100).Select(_ => api.WatchUntilAsync(
            $"{path}?watch=true", one => NameOf(one) == "last", () =>
            {
                Interlocked.Increment(ref ready);
                return go.Task;
            })).ToList();
        await Eventually.True(() => ready == 100, "100 watches are open");
        for (var i = 0; i < 5; i++)
        {
            await CreateAsync(path, $"c{i}");
        }

        await CreateAsync(path, "last");
        go.SetResult();
        Assert.All(await Task.WhenAll(watches), events => Assert.Equal(6, events.Count));
    }

    private static string NameOf(System.Text.Json.Nodes.JsonObject one) =>
        one["object"]!["metadata"]!["name"]?.GetValue<string>() ?? "";

    private async Task<string> ConfigMapsAsync() => $"/api/v1/namespaces/{await api.NamespaceAsync()}/configmaps";

    private async Task CreateAsync(string path, string name)
    {
        var (code, _) = await api.SendAsync(HttpMethod.Post, path, $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        Assert.Equal(201, code);
    }

    private Task LabelAsync(string path, string name, string value) => api.SendAsync(HttpMethod.Patch, $"{path}/{name}",
        $$$$"""{"metadata":{"labels":{"seen":"{{{{value}}}}"}}}""", "application/merge-patch+json");
}
