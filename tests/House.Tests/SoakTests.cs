// Many Triggers, bad subscribers, a bus with Azure's quirks, and processes killed in turn; counted outside the house.
using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
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
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(LongRun.Asked ? 160 : 0);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(240);

    private readonly ConcurrentDictionary<(string Path, string Event), int> taken = new();
    private readonly ConcurrentDictionary<(string Path, string Event), bool> failedOnce = new();

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

        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, Producers).Select(n => SendAsync(house, producer, n, stop.Token)));
        for (var kill = 0; kill < Kills; kill++)
        {
            await PassAsync(BetweenKills);
            if (kill % 2 == 0)
            {
                await house.KillFunctionsAsync();
            }
            else
            {
                await house.KillAsync();
                await house.StartAsync();
            }
        }

        await PassAsync(BetweenKills);
        var growth = await GrowthAsync(house);
        await stop.CancelAsync();
        await load;

        var accepted = producer.Accepted.ToList();
        Assert.True(accepted.Count > 200, $"only {accepted.Count} accepted");
        await Eventually.True(
            () => accepted.All(id => taken.ContainsKey(("/all", id)) && taken.ContainsKey((PathOf(id), id))),
            "every accepted event has arrived at both",
            Deadline);
        var repeats = taken.Values.Sum(count => count - 1);
        Assert.InRange(repeats, 0, Kills * InFlight);
        Assert.All(growth, process => Assert.InRange(process, double.MinValue, MostMegabytesAMinute));
        TestContext.Current.SendDiagnosticMessage(
            "{0} door: {1} accepted, {2} kills, {3} repeats, growth {4} MB/min",
            door, accepted.Count, Kills, repeats, string.Join(" and ", growth.Select(g => $"{g:0.00}")));
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

    private static async Task SendAsync(
        HouseProcess house, Producer producer, int number, CancellationToken cancellationToken)
    {
        var broker = new Uri(house.Ingress, "/default/default");
        using var pace = new PeriodicTimer(Pace);
        for (var n = 0; !cancellationToken.IsCancellationRequested; n++)
        {
            var trigger = n % Triggers;
            try
            {
                using var answer = await producer.SendAsync(broker, $"{trigger}-{number}-{n}", $"type{trigger}");
            }
            catch (HttpRequestException)
            {
                // It is being killed; only what was answered 202 counts.
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    // Megabytes a minute that the house and the functions grow by, once nobody is killed any more.
    private static async Task<double[]> GrowthAsync(HouseProcess house)
    {
        if (Undisturbed == TimeSpan.Zero)
        {
            return [];
        }

        const int Samples = 30;
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

        // The first third is still warming up.
        return [.. sizes.Select(all => Slope(all[(Samples / 3)..]) / minutes)];
    }

    private static double Megabytes(int process) => double.Parse(
        File.ReadLines($"/proc/{process}/status")
            .Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    // Of the straight line nearest to the points.
    private static double Slope(double[] points)
    {
        var middle = (points.Length - 1) / 2.0;
        var mean = points.Average();
        return points.Select((y, x) => (x - middle) * (y - mean)).Sum()
            / points.Select((_, x) => (x - middle) * (x - middle)).Sum();
    }

    private static async Task PassAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }
}
