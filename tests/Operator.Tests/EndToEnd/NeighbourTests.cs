// Two clusters, each with an operator of its own, on one Service Bus namespace.
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class NeighbourTests(RestlessHouse restless) : IClassFixture<RestlessHouse>
{
    [Fact]
    public async Task Operators_TwoOnOneBus_LeaveEachOthersEntitiesAlone()
    {
        var first = restless.House;
        var second = new House { SharedBus = first.Bus, Settings = RestlessHouse.Hurried };
        try
        {
            await second.InitializeAsync();
            var ns = await first.Namespace();
            await second.Apply($"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}}}");
            await first.Apply(Channel("both"), ns);
            await first.Ready(Path(ns, "both"));
            TopicProperties before = await first.Bus.Administration.GetTopicAsync($"{ns}.both");

            // The same name in the other cluster is told to be taken; a name of its own works.
            await second.Apply(Channel("both"), ns);
            await second.Apply(Channel("own"), ns);
            await second.Condition(Path(ns, "both"), "TopicReady", "False", "NameTaken");
            await second.Ready(Path(ns, "own"));

            // Neither deletion nor sweeps of the one touch what the other made.
            await second.Delete(Path(ns, "both"));
            await Eventually.True(async () => await second.Get(Path(ns, "both")) is null, "it is gone");
            TopicProperties own = await first.Bus.Administration.GetTopicAsync($"{ns}.own");
            await SweptAsync($"{ns}.orphan1", before.UserMetadata.Replace("\"both\"", "\"orphan1\""));
            await SweptAsync($"{ns}.orphan2", own.UserMetadata.Replace("\"own\"", "\"orphan2\""));
            Assert.True(await first.Bus.Administration.TopicExistsAsync($"{ns}.own"));
            TopicProperties after = await first.Bus.Administration.GetTopicAsync($"{ns}.both");
            Assert.Equal(before.UserMetadata, after.UserMetadata);
        }
        finally
        {
            await second.DisposeAsync();
        }
    }

    // Gone once the operator whose mark it bears has been over the whole bus.
    private async Task SweptAsync(string topic, string mark)
    {
        var bus = restless.House.Bus.Administration;
        await bus.CreateTopicAsync(new CreateTopicOptions(topic) { UserMetadata = mark });
        await Eventually.True(async () => !await bus.TopicExistsAsync(topic), $"{topic} is swept");
    }

    private static string Channel(string name) =>
        $"apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\nmetadata: {{name: {name}}}\nspec: {{}}";

    private static string Path(string ns, string name) =>
        $"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/{name}";
}
