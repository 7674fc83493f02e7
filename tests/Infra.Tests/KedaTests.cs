// KEDA's azure-servicebus scaler asks the management API for counts; these are its requests, and what it must be told.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

public sealed class KedaTests
{
    private const string Entities = """
        { "UserConfig": { "Namespaces": [ { "Name": "sbemulatorns",
          "Queues": [ { "Name": "eventing-triggers" }, { "Name": "eventing-sources" } ],
          "Topics": [ { "Name": "shop.t", "Subscriptions": [ { "Name": "own" } ] } ] } ] } }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Backlog_AsKedaAsks_IsActiveMessagesOnly(bool byIdentity)
    {
        using var folder = new TempFolder();
        await using var bus = await StartAsync(folder, byIdentity);
        await using var client = new ServiceBusClient(bus.ConnectionString);
        var lane = client.CreateSender("eventing-triggers");
        for (var i = 0; i < 4; i++)
        {
            await lane.SendMessageAsync(new ServiceBusMessage("x"));
        }

        await lane.ScheduleMessageAsync(new ServiceBusMessage("later"), TimeProvider.System.GetUtcNow().AddHours(1));
        await client.CreateSender("shop.t").SendMessageAsync(new ServiceBusMessage("x"));
        var receiver = client.CreateReceiver("eventing-triggers");
        await receiver.DeadLetterMessageAsync((await receiver.ReceiveMessageAsync())!);

        using var keda = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{bus.ManagementPort}") };
        var token = byIdentity ? new AuthenticationHeaderValue("Bearer", "a-token-of-microsoft-entra") : Manage(keda);
        Assert.Equal(3, await ActiveAsync(keda, token, "/eventing-triggers"));
        Assert.Equal(1, await ActiveAsync(keda, token, "/shop.t/Subscriptions/own"));
        // A message that is being worked on still counts, so a working pod is never scaled away.
        var held = await receiver.ReceiveMessageAsync();
        Assert.NotNull(held);
        Assert.Equal(3, await ActiveAsync(keda, token, "/eventing-triggers"));
        await receiver.CompleteMessageAsync(held);
        Assert.Equal(2, await ActiveAsync(keda, token, "/eventing-triggers"));
    }

    [Fact]
    public async Task Queues_ByPage_AsARegexAsks_AreAllThere()
    {
        using var folder = new TempFolder();
        await using var bus = await StartAsync(folder, noAuth: false);
        using var keda = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{bus.ManagementPort}") };
        var names = new List<string>();
        for (var skip = 0; ; skip++)
        {
            var page = await GetAsync(
                keda, Manage(keda), $"/$Resources/Queues?$skip={skip}&$top=1&api-version=2021-05");
            var entries = page.Descendants().Where(element => element.Name.LocalName == "entry").ToList();
            if (entries.Count == 0)
            {
                break;
            }

            names.AddRange(entries.Select(entry =>
                entry.Elements().Single(element => element.Name.LocalName == "title").Value));
        }

        Assert.Equal(["eventing-sources", "eventing-triggers"], names.Order());
    }

    [Fact]
    public async Task Counts_WithoutAToken_AreRefused()
    {
        using var folder = new TempFolder();
        await using var bus = await StartAsync(folder, noAuth: false);
        using var keda = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{bus.ManagementPort}") };
        using var answer = await keda.GetAsync("/eventing-triggers?api-version=2021-05");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private static async Task<ServiceBusEmulator> StartAsync(TempFolder folder, bool noAuth)
    {
        await File.WriteAllTextAsync(folder["config.json"], Entities);
        return await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions
            {
                DataFolder = folder["bus"],
                ConfigFile = folder["config.json"],
                NoAuth = noAuth,
            },
            CancellationToken.None);
    }

    private static async Task<long> ActiveAsync(HttpClient keda, AuthenticationHeaderValue token, string path)
    {
        var entity = await GetAsync(keda, token, $"{path}?api-version=2021-05");
        var counts = entity.Descendants().Single(element => element.Name.LocalName == "CountDetails");
        var active = counts.Elements().Single(element => element.Name.LocalName == "ActiveMessageCount");
        return long.Parse(active.Value, CultureInfo.InvariantCulture);
    }

    private static async Task<XDocument> GetAsync(HttpClient keda, AuthenticationHeaderValue token, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token;
        request.Headers.TryAddWithoutValidation("Content-Type", "application/atom+xml;type=entry;charset=utf-8");
        using var answer = await keda.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return XDocument.Parse(await answer.Content.ReadAsStringAsync());
    }

    private static AuthenticationHeaderValue Manage(HttpClient keda)
    {
        var resource = Uri.EscapeDataString(keda.BaseAddress!.ToString());
        var expiry = TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds();
        var signature = Convert.ToBase64String(HMACSHA256.HashData(
            Encoding.UTF8.GetBytes("SAS_KEY_VALUE"), Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        return new AuthenticationHeaderValue(
            "SharedAccessSignature",
            $"sr={resource}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn=RootManageSharedAccessKey");
    }
}
