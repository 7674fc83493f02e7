// The official emulator's config.json: taken as it is, and every mistake in it told with its line.
using ServerlessEventing.Local.ServiceBus.Configuration;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Tests.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Configuration;

public sealed class ConfigFileTests : IDisposable
{
    private const string Whole = """
        {
          // comments are allowed
          "UserConfig": {
            "Namespaces": [
              {
                "Name": "sbemulatorns",
                "Queues": [
                  { "Name": "first", "Properties": { "ForwardTo": "second", "MaxDeliveryCount": 3 } },
                  { "Name": "second", "Properties": {
                      "LockDuration": "PT10S", "RequiresDuplicateDetection": true, "ForwardTo": "" } },
                ],
                "Topics": [
                  { "Name": "t", "Properties": { "DefaultMessageTimeToLive": "PT1H" }, "Subscriptions": [
                    { "Name": "all" },
                    { "Name": "some", "Properties": { "RequiresSession": true }, "Rules": [
                      { "Name": "sql", "Properties": {
                          "FilterType": "Sql", "SqlFilter": { "SqlExpression": "a = 1" },
                          "Action": { "SqlExpression": "SET b = 2" } } },
                      { "Name": "correlation", "Properties": { "FilterType": "Correlation",
                          "CorrelationFilter": { "Label": "l", "Properties": { "p": "v" } } } } ] } ] }
                ]
              }
            ],
            "Logging": { "Type": "File" }
          }
        }
        """;

    private readonly TempFolder _folder = new();
    private readonly TestBroker _bus = new();

    public void Dispose()
    {
        _bus.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Config_OfTheOfficialEmulator_CreatesItsEntities()
    {
        await ApplyAsync(Whole);

        var first = ((QueueNode)_bus.Broker.Topology.Find("first")!).Queue;
        Assert.Equal(("second", 3), (first.ForwardTo, first.MaxDeliveryCount));
        var second = ((QueueNode)_bus.Broker.Topology.Find("second")!).Queue;
        Assert.Equal(
            (TimeSpan.FromSeconds(10), true, null),
            (second.LockDuration, second.RequiresDuplicateDetection, second.ForwardTo));
        var some = (SubscriptionNode)_bus.Broker.Topology.Find("t/Subscriptions/some")!;
        Assert.True(some.Subscription.RequiresSession);
        Assert.Equal(["sql", "correlation"], some.Rules.Select(rule => rule.Description.Name));
        var all = (SubscriptionNode)_bus.Broker.Topology.Find("t/Subscriptions/all")!;
        Assert.Equal(FilterKind.True, Assert.Single(all.Rules).Description.Filter);
    }

    [Fact]
    public async Task Config_AppliedAgain_LeavesWhatIsThere()
    {
        await ApplyAsync(Whole);
        await _bus.SendAsync("second", TestBroker.Text("kept"));

        await ApplyAsync(Whole);

        Assert.Equal(1, _bus.Count("second"));
    }

    [Theory]
    [InlineData("\"PT10S\"", "\"ten\"", 10, "PT30S")]
    [InlineData("\"LockDuration\"", "\"LockDurtion\"", 10, "LockDurtion")]
    [InlineData("\"MaxDeliveryCount\": 3", "\"MaxDeliveryCount\": \"x\"", 8, "whole number")]
    [InlineData("\"ForwardTo\": \"second\"", "\"ForwardTo\": \"nothing\"", 8, "does not exist")]
    [InlineData("\"ForwardTo\": \"\"", "\"ForwardTo\": \"first\"", 8, "circle")]
    [InlineData("\"a = 1\"", "\"a = = 1\"", 15, "sql")]
    [InlineData("\"FilterType\": \"Sql\"", "\"FilterType\": \"Other\"", 17, "Correlation or Sql")]
    [InlineData("\"Namespaces\": [", "\"Namespaces\": [ oops", 4, "'o' is an invalid")]
    [InlineData("{ \"Name\": \"all\" }", "{ }", 14, "'Name' is missing")]
    public async Task Config_WithAMistake_NamesFileAndLine(string right, string wrong, int line, string says)
    {
        var problem = await Assert.ThrowsAsync<EmulatorStartException>(() => ApplyAsync(Whole.Replace(right, wrong)));

        Assert.Contains($"config.json, line {line}: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_Missing_SaysSo()
    {
        var missing = Path.Combine(_folder.Path, "none.json");

        var problem = await Assert.ThrowsAsync<EmulatorStartException>(
            () => ConfigFile.ApplyAsync(missing, _bus.Broker, CancellationToken.None));

        Assert.Contains("none.json cannot be read", problem.Message, StringComparison.Ordinal);
    }

    private async Task ApplyAsync(string text)
    {
        var file = Path.Combine(_folder.Path, "config.json");
        await File.WriteAllTextAsync(file, text);
        await ConfigFile.ApplyAsync(file, _bus.Broker, CancellationToken.None);
    }
}
