// Bodies and paths as no client sends them: refused with a reason, and the API goes on.
using System.Net;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Management;

public sealed class MalformedRequestsTests : IAsyncLifetime
{
    private const string Entry =
        """
        <entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml"><QueueDescription
        xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"><LockDuration>PT30S</LockDuration>
        <MaxDeliveryCount>5</MaxDeliveryCount></QueueDescription></content></entry>
        """;

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new();
    private ServiceBusEmulator _emulator = null!;

    public async ValueTask InitializeAsync() => _emulator = await ServiceBusEmulator.StartAsync(
        new ServiceBusEmulatorOptions { DataFolder = _folder.Path, NoAuth = true }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _emulator.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string> Bodies =>
    [
        "",
        "no xml",
        "<entry>",
        "<entry/>",
        """<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><entry>&b;</entry>""",
        string.Concat(Enumerable.Repeat("<a>", 100_000)),
        Entry.Replace("PT30S", "half a minute"),
        Entry.Replace(">5<", ">99999999999999999999<"),
        Entry.Replace("QueueDescription", "OtherDescription"),
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_Malformed_IsA400(string body)
    {
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync("/q", Encoding.UTF8.GetBytes(body)));
        Assert.Equal(HttpStatusCode.Created, await PutAsync("/q", Encoding.UTF8.GetBytes(Entry)));
    }

    [Fact]
    public async Task Body_MutatedAtRandom_IsNeverAFailureOfOurs()
    {
        var bytes = Encoding.UTF8.GetBytes(Entry);
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var mutated = bytes.ToArray();
            for (var change = random.Next(1, 8); change > 0; change--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            var status = await PutAsync($"/q{seed}", mutated);
            Assert.True((int)status < 500, $"Seed {seed}: {status} for {Encoding.UTF8.GetString(mutated)}");
        }
    }

    private async Task<HttpStatusCode> PutAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await _http.PutAsync(
            new Uri($"http://localhost:{_emulator.ManagementPort}{path}?api-version=2021-05"), content);
        return answer.StatusCode;
    }
}
