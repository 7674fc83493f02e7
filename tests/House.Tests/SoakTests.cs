// Many Triggers, bad subscribers, a bus with quirks, processes killed, a lane made anew; counted outside the house.
using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>
/// Each event is for one Trigger by its type, and for the Trigger "all". Of ten subscribers one fails each event once,
/// one is slow, one fails for good and has a dead-letter sink.
/// </summary>
public sealed class SoakTests
{
    // As host.json and the pump door have it: what one killed process may have had in hand.
    private const int InFlight = 256;
    private const int Producers = 2;
    private const double MostMegabytesAMinute = 1;

    private static readonly int Triggers = LongRun.Asked ? 200 : 30;
    private static readonly int Kills = LongRun.Asked ? 6 : 2;
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(LongRun.Asked ? 20 : 3);
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(LongRun.Asked ? 480 : 0);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(240);

    private readonly ConcurrentDictionary<(string Path, string Event), int> taken = new();
    private readonly ConcurrentDictionary<(string Path, string Event), bool> failedOnce = new();
    private long dropped;

    [Theory]
    [InlineData("host")]
    [InlineData("pump")]
    public async Task Soak_EverythingGoesWrongInTurn_NothingIsLost(string door)
    {
        Assert.SkipUnless(LongRun.Asked || door == "host", "The second door: set EVENTING_LONG=1 to run it.");
        using var folder = new TempFolder();
        await using var subscribers = await Subscriber.StartAsync(AnswerAsync);
        await File.WriteAllTextAsync(folder["manifests.yaml"], Manifests(subscribers.Uri));
        await using var house = new HouseProcess(folder["data"], door, "--quirks", "azure");
        using var producer = new Producer();
        await house.StartAsync(folder["manifests.yaml"]);

        var load = new Load(house, producer, "first");
        for (var kill = 0; kill < Kills; kill++)
        {
            await PassAsync(BetweenKills);
            if (kill % 2 == 0)
            {
                await house.KillFunctionsAsync();
            }
            else
            {
                await CountDroppedAsync(house);
                await house.KillAsync();
                await house.StartAsync();
            }
        }

        await PassAsync(BetweenKills);
        await load.StopAsync();
        await AllArriveAsync(producer);
        var withLane = producer.Accepted.Count();
        load = await WithoutLaneAsync(house, producer);
        Assert.True(producer.Accepted.Count() > withLane, "nothing was accepted while the lane was away");

        var growth = await GrowthAsync(house);
        await load.StopAsync();
        await AllArriveAsync(producer);
        var accepted = producer.Accepted.Count();
        Assert.True(accepted > 100, $"only {accepted} accepted");
        var repeats = taken.Values.Sum(count => count - 1);
        Assert.InRange(repeats, 0, Kills * InFlight);
        await CountDroppedAsync(house);
        // What the bus dropped must have been repeats: of different messages with one id, one would be lost.
        Assert.InRange(dropped, 0, Kills * InFlight);
        Assert.All(growth, process => Assert.InRange(process, double.MinValue, MostMegabytesAMinute));
        TestContext.Current.SendDiagnosticMessage(
            "{0} door: {1} accepted, {2} kills, {3} repeats, {4} dropped as duplicate, growth {5} MB/min",
            door, accepted, Kills, repeats, dropped, string.Join(" and ", growth.Select(g => $"{g:0.00}")));
    }

    // A queue takes what it holds with it, so it is deleted empty. Events go on coming, cannot be forwarded, and are
    // brought back once it is there again.
    private static async Task<Load> WithoutLaneAsync(HouseProcess house, Producer producer)
    {
        var administration = new ServiceBusAdministrationClient(house.ManagementConnection);
        var lane = await administration.GetQueueAsync(EntityNames.TriggersLane);
        await administration.DeleteQueueAsync(lane.Name);
        var load = new Load(house, producer, "second");
        await PassAsync(BetweenKills);
        await administration.CreateQueueAsync(new CreateQueueOptions(lane));
        return load;
    }

    private Task AllArriveAsync(Producer producer)
    {
        var accepted = producer.Accepted.ToList();
        return Eventually.True(
            () => accepted.All(id => taken.ContainsKey(("/all", id)) && taken.ContainsKey((PathOf(id), id))),
            "every accepted event has arrived at both",
            Deadline);
    }

    // The emulator counts from its start, which is the house's.
    private async Task CountDroppedAsync(HouseProcess house)
    {
        const string Metric = "servicebus_emulator_duplicates_dropped_total ";
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync($"http://localhost:{5300 + house.Offset}/$metrics");
        dropped += metrics.Split('\n')
            .Where(line => line.StartsWith(Metric, StringComparison.Ordinal))
            .Select(line => long.Parse(line.AsSpan(Metric.Length), CultureInfo.InvariantCulture))
            .Single();
    }

    private static string Manifests(Uri subscribers) => string.Join(
        "\n---\n",
        [
            Yaml.Broker,
            Yaml.Trigger("all", new Uri(subscribers, "all"), "[]", Delivery(5, null)),
            .. Enumerable.Range(0, Triggers).Select(n => Yaml.Trigger(
                $"t{n}",
                new Uri(subscribers, Kind(n) == "down" ? $"down/{n}" : Of(n)),
                $"[{{\"exact\":{{\"type\":\"type{n}\"}}}}]",
                Kind(n) == "down" ? Delivery(1, new Uri(subscribers, Of(n))) : Delivery(5, null))),
        ]);

    private static string Delivery(int retry, Uri? sink) =>
        $$"""{"retry":{{retry}},"backoffPolicy":"linear","backoffDelay":"PT0.2S" """
        + (sink is null ? "}" : $",\"deadLetterSink\":{{\"uri\":\"{sink}\"}}}}");

    private static string Kind(int trigger) => (trigger % 10) switch
    {
        0 => "flaky",
        1 => "slow",
        2 => "down",
        _ => "good",
    };

    private static string Of(int trigger) => $"/{Kind(trigger)}-ledger/{trigger}";

    // An event's id begins with its Trigger's number.
    private static string PathOf(string id) =>
        Of(int.Parse(id.AsSpan(0, id.IndexOf('-', StringComparison.Ordinal)), CultureInfo.InvariantCulture));

    private async Task<int> AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var key = (path, context.Request.Headers["ce-id"].ToString());
        if (path.StartsWith("/down/", StringComparison.Ordinal)
            || (path.StartsWith("/flaky", StringComparison.Ordinal) && failedOnce.TryAdd(key, true)))
        {
            return StatusCodes.Status503ServiceUnavailable;
        }

        if (path.StartsWith("/slow", StringComparison.Ordinal))
        {
            await PassAsync(Slow);
        }

        taken.AddOrUpdate(key, 1, (_, count) => count + 1);
        return StatusCodes.Status202Accepted;
    }

    // Megabytes a minute that the house and the functions grow by, once nobody is killed any more.
    private static async Task<double[]> GrowthAsync(HouseProcess house)
    {
        if (Undisturbed == TimeSpan.Zero)
        {
            return [];
        }

        const int Samples = 48;
        const int WarmingUp = 18;
        int[] processes = [house.Id, house.FunctionsId];
        var sizes = processes.Select(_ => new double[Samples]).ToArray();
        using var pace = new PeriodicTimer(Undisturbed / Samples);
        for (var sample = 0; sample < Samples; sample++)
        {
            await pace.WaitForNextTickAsync();
            for (var i = 0; i < processes.Length; i++)
            {
                sizes[i][sample] = Megabytes(processes[i]);
            }
        }

        var minutes = (Undisturbed / Samples).TotalMinutes;
        foreach (var all in sizes)
        {
            TestContext.Current.SendDiagnosticMessage("MB: {0}", string.Join(' ', all.Select(size => $"{size:0.0}")));
        }

        // Then five minutes: the heap goes up and down by some MB every minute or two, no trend over that time.
        return [.. sizes.Select(all => Trend(all[WarmingUp..]) / minutes)];
    }

    private static double Megabytes(int process) => double.Parse(
        File.ReadLines($"/proc/{process}/status")
            .Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    // The median of the slopes between any two points (Theil and Sen): a step of the heap is no trend, a leak is.
    private static double Trend(double[] points)
    {
        var slopes = Enumerable.Range(0, points.Length)
            .SelectMany(from => Enumerable.Range(from + 1, points.Length - from - 1)
                .Select(to => (points[to] - points[from]) / (to - from)))
            .Order()
            .ToList();
        return slopes[slopes.Count / 2];
    }

    private static async Task PassAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }

    // Producers that send until they are stopped.
    private sealed class Load
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task sending;

        public Load(HouseProcess house, Producer producer, string name) => sending = Task.WhenAll(
            Enumerable.Range(0, Producers).Select(n => SendAsync(house, producer, $"{name}{n}", stop.Token)));

        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await sending;
            stop.Dispose();
        }

        private static async Task SendAsync(
            HouseProcess house, Producer producer, string name, CancellationToken cancellationToken)
        {
            var broker = new Uri(house.Ingress, "/default/default");
            using var pace = new PeriodicTimer(Pace);
            for (var n = 0; !cancellationToken.IsCancellationRequested; n++)
            {
                var trigger = n % Triggers;
                try
                {
                    using var answer = await producer.SendAsync(broker, $"{trigger}-{name}-{n}", $"type{trigger}");
                }
                catch (HttpRequestException)
                {
                    // It is being killed; only what was answered 202 counts.
                }

                await pace.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }
}
