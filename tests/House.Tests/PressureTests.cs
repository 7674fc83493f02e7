// A full lane behind a subscriber that hangs: nothing that was answered 202 is lost, whoever it is for.
using System.Net;
using System.Net.Http.Headers;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class PressureTests
{
    private const int Floods = 160;
    private const int FloodBytes = 64 * 1024;
    private const int LaneMegabytes = 5;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(150);

    [Fact]
    public async Task Lane_FullOfAHungSubscribersEvents_NothingAcceptedIsLost()
    {
        using var folder = new TempFolder();
        var hangs = new TaskCompletionSource();
        await using var good = await Subscriber.StartAsync();
        await using var hung = await Subscriber.StartAsync(async context =>
        {
            await hangs.Task.WaitAsync(context.RequestAborted);
            return 202;
        });
        await File.WriteAllTextAsync(folder["manifests.yaml"], string.Join(
            "\n---\n",
            Yaml.Broker,
            Yaml.Trigger("good", good.Uri, """[{"exact":{"type":"fine"}}]"""),
            Yaml.Trigger("hung", hung.Uri, """[{"exact":{"type":"flood"}}]""", """{"timeout":"PT2M"}""")));
        await using var house = new HouseProcess(folder["data"]);
        using var producer = new Producer();
        await house.StartAsync(folder["manifests.yaml"]);
        await CapAsync(house, EntityNames.TriggersLane);
        await CapAsync(house, EntityNames.Retries(EntityNames.TriggersLane));

        // Twice what the lane can hold; who is answered 429 does not try again.
        var refused = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Floods),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (n, _) =>
            {
                using var flood = await SendAsync(producer, house, $"flood-{n}", "flood", FloodBytes);
                using var fine = await SendAsync(producer, house, $"fine-{n}", "fine", 1);
                Interlocked.Add(ref refused, new[] { flood, fine }.Count(Refused));
            });
        await Eventually.True(
            async () =>
            {
                using var answer = await SendAsync(producer, house, $"fine-{refused++ + Floods}", "fine", 1);
                return Refused(answer);
            },
            "the lane is under pressure");

        hangs.SetResult();
        var accepted = producer.Accepted.ToList();
        Assert.True(accepted.Count(id => id.StartsWith("flood", StringComparison.Ordinal)) > 50, $"{accepted.Count}");
        await Eventually.True(
            () => accepted.All(id => good.Seen.ContainsKey(id) || hung.Seen.ContainsKey(id)),
            "every accepted event arrived",
            Deadline);
        var (_, listed) = await Eventing.RunAsync(
            Deadline, "deadletters", "list", "--json", "--connection", house.Connection);
        Assert.DoesNotContain("\"fine-", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("\"flood-", listed, StringComparison.Ordinal);
    }

    private static bool Refused(HttpResponseMessage answer)
    {
        if (answer.StatusCode == HttpStatusCode.TooManyRequests)
        {
            Assert.NotNull(answer.Headers.RetryAfter);
            return true;
        }

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return false;
    }

    private static async Task<HttpResponseMessage> SendAsync(
        Producer producer, HouseProcess house, string id, string type, int bytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(house.Ingress, "/default/default"))
        {
            Content = new ByteArrayContent(new byte[bytes])
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") },
            },
        };
        request.Headers.Add("ce-specversion", "1.0");
        request.Headers.Add("ce-id", id);
        request.Headers.Add("ce-type", type);
        request.Headers.Add("ce-source", "/tests");
        return await producer.SendAsync(request, id);
    }

    private static async Task CapAsync(HouseProcess house, string queue)
    {
        var administration = new ServiceBusAdministrationClient(house.ManagementConnection);
        QueueProperties properties = await administration.GetQueueAsync(queue);
        properties.MaxSizeInMegabytes = LaneMegabytes;
        await administration.UpdateQueueAsync(properties);
    }
}
