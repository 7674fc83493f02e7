// A lane that fills up: the table says so, and what the bus turned away meanwhile comes back.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class PressureTests(House house) : IClassFixture<House>
{
    private const int Events = 40;
    private const int EventBytes = 64 * 1024;

    [Fact]
    public async Task Lane_FillsUpAndIsWorkedOff_IsUnderPressureMeanwhileAndLosesNothing()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: default}
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: all}
            spec: {broker: default, subscriber: {uri: "http://example.com/"}}
            """,
            ns);
        await house.Ready(House.Trigger(ns, "all"));
        await using var client = new ServiceBusClient(house.Bus.Connection);
        await using var deadLetters = client.CreateSender(EntityNames.DeadLetters);
        await deadLetters.SendMessageAsync(new("genuine")
        {
            ApplicationProperties = { [MessageProperties.DeadLetterReason] = "DeliveryFailed" },
        });
        QueueProperties lane = await house.Bus.Administration.GetQueueAsync(EntityNames.TriggersLane);
        lane.MaxSizeInMegabytes = 1;
        await house.Bus.Administration.UpdateQueueAsync(lane);

        await using var topic = client.CreateSender(EntityNames.Topic(ns, "default-kn-trigger"));
        for (var n = 0; n < Events; n++)
        {
            await topic.SendMessageAsync(new(new byte[EventBytes]) { MessageId = $"{n}", SessionId = "-" });
        }

        await Eventually.True(
            async () => (await house.Table()).Pressure.Lanes.Contains(EntityNames.TriggersLane), "the lane is pressed");
        Assert.InRange(await CountAsync(EntityNames.DeadLetters), 2, Events);

        // A new operator knows it, too.
        await house.Operator.DisposeAsync();
        await house.StartOperator();
        Assert.Contains(EntityNames.TriggersLane, (await house.Table()).Pressure.Lanes);

        var seen = new HashSet<string>();
        await using var receiver = client.CreateReceiver(EntityNames.TriggersLane);
        await Eventually.True(
            async () =>
            {
                foreach (var message in await receiver.ReceiveMessagesAsync(10, TimeSpan.FromMilliseconds(200)))
                {
                    Assert.True(seen.Add(message.MessageId), $"{message.MessageId} came twice");
                    await receiver.CompleteMessageAsync(message);
                }

                return seen.Count == Events;
            },
            "every event is in the lane once");
        await Eventually.True(
            async () => (await house.Table()).Pressure.Lanes.Count == 0, "the lane is free again");
        Assert.Equal(1, await CountAsync(EntityNames.DeadLetters));
    }

    private async Task<long> CountAsync(string queue) =>
        (await house.Bus.Administration.GetQueueRuntimePropertiesAsync(queue)).ActiveMessageCount;
}
