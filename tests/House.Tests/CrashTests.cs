// What was answered 202 is delivered or in the dead letters, whatever is killed; counted outside the house.
using System.Net;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class CrashTests
{
    private static readonly int Rounds = LongRun.Asked ? 3 : 2;
    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData("host")]
    [InlineData("pump")]
    public async Task KillMinus9_UnderLoad_LosesNothing(string door)
    {
        using var folder = new TempFolder();
        await using var good = await Subscriber.StartAsync();
        await using var down = await Subscriber.StartAsync(500);
        await File.WriteAllTextAsync(folder["manifests.yaml"], string.Join(
            "\n---\n",
            Yaml.Broker,
            Yaml.Trigger("good", good.Uri),
            Yaml.Trigger(
                "down",
                down.Uri,
                """[{"exact":{"type":"doomed"}}]""",
                """{"retry":2,"backoffPolicy":"linear","backoffDelay":"PT3S"}""")));
        await using var house = new HouseProcess(folder["data"], door);
        using var producer = new Producer();
        await house.StartAsync(folder["manifests.yaml"]);

        for (var round = 0; round < Rounds; round++)
        {
            using var stop = new CancellationTokenSource(LoadTime);
            var load = Enumerable.Range(0, 8)
                .Select(worker => SendUntilAsync(house, producer, round, worker, stop.Token));
            var all = Task.WhenAll(load);
            await Eventually.True(() => stop.IsCancellationRequested, "the load has run");
            await house.KillAsync();
            await all;
            await house.StartAsync();
        }

        var accepted = producer.Accepted.ToList();
        Assert.True(accepted.Count > 100, $"only {accepted.Count} accepted");
        await Eventually.True(() => accepted.All(good.Seen.ContainsKey), "every accepted event arrived", Deadline);
        var doomed = accepted.Where(id => id.StartsWith("doomed", StringComparison.Ordinal)).ToHashSet();
        Assert.NotEmpty(doomed);
        await Eventually.Passes(
            async () =>
            {
                var (_, listed) = await Eventing.RunAsync(
                    Deadline, "deadletters", "list", "--json", "--limit", "100000", "--connection", house.Connection);
                Assert.All(doomed, id => Assert.Contains($"\"{id}\"", listed, StringComparison.Ordinal));
            },
            Deadline);
    }

    private static async Task SendUntilAsync(
        HouseProcess house, Producer producer, int round, int worker, CancellationToken cancellationToken)
    {
        var broker = new Uri(house.Ingress, "/default/default");
        for (var n = 0; !cancellationToken.IsCancellationRequested; n++)
        {
            var type = n % 50 == 0 ? "doomed" : "fine";
            try
            {
                using var answer = await producer.SendAsync(broker, $"{type}-{round}-{worker}-{n}", type);
                Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            }
            catch (HttpRequestException)
            {
                // The house is being killed; only what was answered 202 counts.
                return;
            }
        }
    }
}
