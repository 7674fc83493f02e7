// Dead letters are listed with their reason, and replayed to the very egress that failed.
using System.Globalization;
using ServerlessEventing.Cli.DeadLetters;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>With a bus of their own, and no house around it.</summary>
public sealed class DeadLetterTests : IAsyncLifetime
{
    private const string Lane = EntityNames.SubscriptionsLane;

    private readonly TempFolder folder = new();
    private ServiceBusEmulator bus = null!;
    private ServiceBusClient client = null!;
    private DeadLetterQueue queue = null!;

    public async ValueTask InitializeAsync()
    {
        bus = await ServiceBusEmulator.StartAsync(new() { DataFolder = folder["bus"] }, CancellationToken.None);
        client = new(bus.ConnectionString);
        queue = new(client, TimeProvider.System);
        var administration = new ServiceBusAdministrationClient(bus.ManagementConnectionString);
        await administration.CreateQueueAsync(
            new CreateQueueOptions(EntityNames.DeadLetters) { MaxDeliveryCount = 100 });
        foreach (var lane in (string[])[EntityNames.TriggersLane, Lane, EntityNames.SourcesLane])
        {
            await administration.CreateQueueAsync(
                new CreateQueueOptions(lane) { ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters });
            await administration.CreateQueueAsync(
                new CreateQueueOptions(EntityNames.Retries(lane)) { ForwardTo = lane });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await bus.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Replay_OfOneTrigger_LeavesTheOthersAndCarriesNothingOfTheFailure()
    {
        await LetterAsync("a", "uid-1", "ns/one");
        await LetterAsync("b", "uid-2", "ns/two");
        await LetterAsync("c", "uid-2", "ns/two");

        var pass = await queue.ReplayAsync(new("ns/two", "b"), 10, CancellationToken.None);

        Assert.Equal("b", Assert.Single(pass.Done).EventId);
        Assert.Empty(pass.Kept);
        Assert.Equal(["a", "c"], (await ListAsync()).Select(letter => letter.EventId));
        await using var receiver = client.CreateReceiver(Lane);
        var message = Assert.Single(await receiver.PeekMessagesAsync(10, 0));
        Assert.Equal(
            [
                "cloudEvents_id", "cloudEvents_source", "cloudEvents_specversion", "cloudEvents_type",
                MessageProperties.Egress, "eventing_header_x-request-id", MessageProperties.Id,
                MessageProperties.Replayed, MessageProperties.Since,
            ],
            message.ApplicationProperties.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("uid-2", message.ApplicationProperties[MessageProperties.Egress]);
        Assert.Equal("way-of-b", message.ApplicationProperties[MessageProperties.Id]);
        Assert.Equal("data of b", message.Body.ToString());
        Assert.Equal("text/plain", message.ContentType);
    }

    [Fact]
    public async Task Replay_OfWhatCannotBe_KeepsItAndSaysWhy()
    {
        await LetterAsync("nobody's", null, null);
        await LetterAsync("late", "uid-1", "ns/one", (MessageProperties.Expires, "2020-01-01T00:00:00Z"));
        await LetterAsync("laneless", "uid-1", "ns/one", (MessageProperties.Lane, "gone"));
        var pass = await queue.ReplayAsync(DeadLetterSelection.All, 10, CancellationToken.None);
        Assert.Empty(pass.Done);
        Assert.Equal(["nobody's", "late", "laneless"], pass.Kept.Select(kept => kept.Letter.EventId));
        Assert.All(pass.Kept, kept => Assert.NotEmpty(kept.Why));
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [Fact]
    public async Task Discard_ById_TakesOnlyThat()
    {
        await LetterAsync("a", "uid-1", "ns/one");
        await LetterAsync("b", "uid-1", "ns/one");
        Assert.Single((await queue.DiscardAsync(new(null, "way-of-a"), 10, CancellationToken.None)).Done);
        Assert.Equal("b", Assert.Single(await ListAsync()).EventId);
    }

    [Fact]
    public async Task List_WhatTheBusGaveUp_HasItsReason()
    {
        await LetterAsync("by hand", null, null, (MessageProperties.DeadLetterReason, ""));
        await using var sender = client.CreateSender(Lane);
        await sender.SendMessageAsync(new ServiceBusMessage("x"));
        await using var receiver = client.CreateReceiver(Lane);
        var message = await receiver.ReceiveMessageAsync(Eventually.DefaultDeadline);
        await receiver.DeadLetterMessageAsync(message!, "TooHot", "The bus said so.");
        await Eventually.True(async () => (await ListAsync()).Count == 2, "the bus's own dead letter");
        var letters = await ListAsync();
        Assert.Equal(["Unknown", "TooHot"], letters.Select(letter => letter.Reason));
        Assert.All(letters, letter => Assert.NotEmpty(letter.Detail!));
        Assert.Equal("The bus said so.", letters[1].Detail);
    }

    [Fact]
    public async Task PassedOver_ManyTimes_IsRenewedBeforeTheBusTakesItAway()
    {
        await LetterAsync("a", "uid-1", "ns/one");
        await using (var receiver = client.CreateReceiver(EntityNames.DeadLetters))
        {
            for (var i = 0; i < 60; i++)
            {
                await receiver.AbandonMessageAsync(
                    (await receiver.ReceiveMessageAsync(Eventually.DefaultDeadline))!);
            }
        }

        await LetterAsync("b", "uid-1", "ns/one");
        Assert.Single((await queue.DiscardAsync(new(null, "b"), 10, CancellationToken.None)).Done);
        var left = Assert.Single(await queue.PeekAsync(DeadLetterSelection.All, 10, CancellationToken.None));
        Assert.Equal("a", DeadLetter.Of(left).EventId);
        Assert.Equal("DeliveryFailed", DeadLetter.Of(left).Reason);
        Assert.True(left.DeliveryCount < 10, $"handed out {left.DeliveryCount} times");
    }

    [Fact]
    public async Task Replay_OnceTheSubscriberIsMended_EventArrivesThereAlone()
    {
        var mended = false;
        await using var failing = await Subscriber.StartAsync(_ => Task.FromResult(mended ? 200 : 400));
        await using var other = await Subscriber.StartAsync();
        using var stop = new CancellationTokenSource();
        var running = RunFunctionsAsync([Egress("uid-1", failing.Uri), Egress("uid-2", other.Uri)], stop.Token);
        try
        {
            await using var lane = client.CreateSender(Lane);
            await lane.SendMessageAsync(Event("a", "uid-1"));
            await Eventually.True(async () => (await ListAsync()).Count == 1, "the dead letter");
            var letter = Assert.Single(await ListAsync());
            Assert.Equal("ns/uid-1", letter.Trigger);
            Assert.Equal(Lane, letter.Lane);

            mended = true;
            await queue.ReplayAsync(new("ns/uid-1", null), 10, CancellationToken.None);
            await Eventually.True(() => failing.Seen.GetValueOrDefault("a") == 1, "the event arrives");
            Assert.Empty(await ListAsync());
            Assert.Equal(0, other.Deliveries);

            // Whose egress is deleted meanwhile comes back with that reason, rather than vanish.
            await LetterAsync("b", "uid-gone", "ns/gone");
            await queue.ReplayAsync(new("ns/gone", null), 10, CancellationToken.None);
            await Eventually.True(async () => (await ListAsync()).Count == 1, "it comes back");
            Assert.Equal("EgressGone", (await ListAsync())[0].Reason);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }
    }

    [Fact]
    public async Task Command_ReplayWithoutSayingWhich_IsRefused()
    {
        var (code, output) = await Eventing.RunAsync(
            TimeSpan.FromMinutes(1), "deadletters", "replay", "--connection", bus.ConnectionString);
        Assert.Equal(1, code);
        Assert.Contains("--trigger", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deadletters", "list")]
    [InlineData("servicebus", "peek", "entity")]
    public async Task Command_NobodyAnswers_SaysWhatToDo(params string[] command)
    {
        var nowhere = $"Endpoint=sb://localhost:{FreePort.Next()};SharedAccessKeyName=a;SharedAccessKey=b;"
            + "UseDevelopmentEmulator=true";
        var (code, output) = await Eventing.RunAsync(
            TimeSpan.FromMinutes(1), [.. command, "--connection", nowhere]);
        Assert.Equal(1, code);
        Assert.Contains("eventing up", Assert.Single(output.Trim().Split('\n')), StringComparison.Ordinal);
    }

    private Task<int> RunFunctionsAsync(Egress[] egresses, CancellationToken cancellationToken)
    {
        var table = folder["routing.json"];
        File.WriteAllBytes(
            table, RoutingTableJson.Serialize(new() { Generation = 5, Egresses = egresses }));
        return FunctionsApplication.RunAsync(
            [
                $"--ServiceBusConnection={bus.ConnectionString}",
                $"--RoutingTable={table}",
                "--EVENTING_DOOR=pump",
                $"--EVENTING_PORT={FreePort.Next().ToString(CultureInfo.InvariantCulture)}",
                "--EVENTING_ALLOW_LOOPBACK=true",
                "--Logging:LogLevel:Default=Error",
            ],
            cancellationToken);
    }

    private static Egress Egress(string uid, Uri subscriber) => new()
    {
        Uid = uid,
        Kind = EgressKind.Subscription,
        Namespace = "ns",
        Name = uid,
        Lane = Lane,
        Destination = new() { Uri = subscriber.ToString() },
    };

    private async Task<IReadOnlyList<DeadLetter>> ListAsync() =>
        [.. (await queue.PeekAsync(DeadLetterSelection.All, 100, CancellationToken.None)).Select(DeadLetter.Of)];

    private static ServiceBusMessage Event(string id, string? egress)
    {
        var message = new ServiceBusMessage($"data of {id}")
        {
            ContentType = "text/plain",
            ApplicationProperties =
            {
                ["cloudEvents_specversion"] = "1.0",
                ["cloudEvents_id"] = id,
                ["cloudEvents_type"] = "t",
                ["cloudEvents_source"] = "/s",
                ["eventing_header_x-request-id"] = "r",
                [MessageProperties.Id] = $"way-of-{id}",
                [MessageProperties.Since] = 3L,
            },
        };
        if (egress is not null)
        {
            message.ApplicationProperties[MessageProperties.Egress] = egress;
        }

        return message;
    }

    // As the functions write one.
    private async Task LetterAsync(
        string id, string? egress, string? name, params (string Name, string Value)[] properties)
    {
        var message = Event(id, egress);
        message.ApplicationProperties[MessageProperties.Phase] = MessageProperties.PhaseDeadLetter;
        message.ApplicationProperties[MessageProperties.Attempt] = 2;
        message.ApplicationProperties[MessageProperties.ErrorDestination] = "http://failed";
        message.ApplicationProperties[MessageProperties.ErrorCode] = 500;
        message.ApplicationProperties[MessageProperties.ErrorData] = "Ym9vbQ==";
        message.ApplicationProperties[MessageProperties.DeadLetterReason] = "DeliveryFailed";
        message.ApplicationProperties[MessageProperties.DeadLetterDetail] = "It failed.";
        message.ApplicationProperties[MessageProperties.Lane] = Lane;
        if (name is not null)
        {
            message.ApplicationProperties[MessageProperties.EgressName] = name;
        }

        foreach (var (key, value) in properties)
        {
            if (value.Length == 0)
            {
                message.ApplicationProperties.Remove(key);
            }
            else
            {
                message.ApplicationProperties[key] = value;
            }
        }

        await using var sender = client.CreateSender(EntityNames.DeadLetters);
        await sender.SendMessageAsync(message);
    }
}
