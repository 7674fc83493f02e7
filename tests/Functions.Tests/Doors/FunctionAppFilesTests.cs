// The function app's own files keep clear of what the host's contract does to events.
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Functions.Doors;

namespace ServerlessEventing.Functions.Tests.Doors;

public sealed class FunctionAppFilesTests
{
    private static readonly string App = Path.Combine(AppContext.BaseDirectory, "app");
    private static readonly JsonNode Host = JsonNode.Parse(File.ReadAllText(Path.Combine(App, "host.json")))!;

    private static readonly IReadOnlyDictionary<string, JsonArray> Functions = Directory.GetDirectories(App)
        .Where(folder => File.Exists(Path.Combine(folder, "function.json")))
        .ToDictionary(
            folder => Path.GetFileName(folder),
            folder => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "function.json")))!["bindings"]!.AsArray());

    [Fact]
    public void HostJson_ProxiesHttp_AndForwardsNothing()
    {
        var handler = Host["customHandler"]!;
        Assert.True((bool)handler["enableProxyingHttpRequest"]!);
        // Forwarding answers 500 to chunked bodies, and routes of the host's own exclude function.json files.
        Assert.Null(handler["enableForwardingHttpRequest"]);
        Assert.Null(handler["http"]);
        Assert.Equal("", (string?)Host["extensions"]!["http"]!["routePrefix"]);
        Assert.Equal("[4.*, 5.0.0)", (string?)Host["extensionBundle"]!["version"]);
    }

    // An invocation over functionTimeout ends the whole handler: no delivery may last as long.
    [Fact]
    public void HostJson_Limits_AreThoseTheHandlerCountsOn()
    {
        var bus = Host["extensions"]!["serviceBus"]!;
        var renewal = TimeSpan.Parse((string)bus["maxAutoLockRenewalDuration"]!, CultureInfo.InvariantCulture);
        Assert.Equal(FunctionsSettings.LockRenewal, renewal);
        Assert.True(
            TimeSpan.Parse((string)Host["functionTimeout"]!, CultureInfo.InvariantCulture) >= renewal);
        Assert.True((bool)bus["autoCompleteMessages"]!);
        Assert.Equal(256, (int)bus["maxConcurrentCalls"]!);
    }

    [Fact]
    public void HttpFunctions_AreSimpleOnes_SoThatTheyAreProxied()
    {
        var http = Functions.Where(pair => (string?)pair.Value[0]!["type"] == "httpTrigger").ToList();
        Assert.Equal([LaneFunction.HttpFunction, LaneFunction.HealthFunction], http.Select(pair => pair.Key).Order());
        foreach (var (_, bindings) in http)
        {
            Assert.Equal(2, bindings.Count);
            Assert.Equal("http", (string?)bindings[1]!["type"]);
            // The name by which a host that does not proxy is answered.
            Assert.Equal("response", (string?)bindings[1]!["name"]);
        }

        var ingress = Functions[LaneFunction.HttpFunction][0]!;
        Assert.Equal("{*path}", (string?)ingress["route"]);
        // A method that is not listed is the host's 404, which says nothing of Allow.
        Assert.Equal(
            ["delete", "get", "head", "options", "patch", "post", "put"],
            ingress["methods"]!.AsArray().Select(method => (string)method!).Order());
    }

    [Fact]
    public void LaneFunctions_ReadBytesOneByOne_AndWriteNothing()
    {
        foreach (var function in LaneFunction.All)
        {
            var binding = Assert.Single(Functions[function.Name])!;
            Assert.Equal("serviceBusTrigger", (string?)binding["type"]);
            Assert.Equal(function.Lane, (string?)binding["queueName"]);
            // With another dataType a body's members overwrite the metadata; many would fail together.
            Assert.Equal("binary", (string?)binding["dataType"]);
            Assert.Null(binding["cardinality"]);
            Assert.Null(binding["isSessionsEnabled"]);
            Assert.Null(binding["autoCompleteMessages"]);
        }
    }

    // A host does not remember a timer that fires more than once a minute.
    [Fact]
    public void Timer_FiresOnceAMinute()
    {
        var binding = Assert.Single(Functions[LaneFunction.TimerFunction])!;
        Assert.Equal("timerTrigger", (string?)binding["type"]);
        Assert.Equal("0 * * * * *", (string?)binding["schedule"]);
        Assert.Null(binding["runOnStartup"]);
        Assert.Equal(LaneFunction.All.Count + 3, Functions.Count);
    }
}
