// The Azure templates: the official compiler takes them without a word.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Infra.Tests;

public sealed class BicepTests
{
    [Fact]
    public async Task Templates_Compiled_HaveNoErrorAndNoWarning()
    {
        var printed = await Bicep.CompileAsync("build", "main.bicep");
        Assert.Equal("", printed.Error);
        Assert.Equal(0, printed.Code);
        var parameters = await Bicep.CompileAsync("build-params", "main.bicepparam");
        Assert.Equal("", parameters.Error);
        Assert.Equal(0, parameters.Code);
    }

    [Fact]
    public async Task Functions_OnTheBus_MaySendAndReceiveAndNoMore()
    {
        var printed = await Bicep.CompileAsync("build", "modules/identities.bicep");
        var template = JsonNode.Parse(printed.Output)!;
        var grant = template["resources"]!.AsArray()
            .Single(resource => (string?)resource!["copy"]?["name"] == "functionsMay")!;
        var roles = template["variables"]!;
        // Azure's built-in "Service Bus Data Sender" and "Service Bus Data Receiver".
        Assert.Equal("69a216fc-b8fb-44d8-bc22-1f3c2cd27a39", (string?)roles["dataSender"]);
        Assert.Equal("4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0", (string?)roles["dataReceiver"]);
        var text = grant.ToJsonString();
        Assert.Contains("dataSender", text);
        Assert.Contains("dataReceiver", text);
        Assert.DoesNotContain("dataOwner", text);
    }
}
