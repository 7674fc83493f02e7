// Plain HTTP against the management port, signed as clients sign.
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessEventing.Local.ServiceBus.Tests.Management;

/// <summary>Sends descriptions as XML text, so that tests see the wire.</summary>
internal sealed class ManagementClient : IDisposable
{
    private readonly HttpClient _http;

    public ManagementClient(
        ServiceBusEmulator emulator, string key = "SAS_KEY_VALUE", string rule = "RootManageSharedAccessKey")
    {
        _http = new HttpClient { BaseAddress = new Uri($"http://localhost:{emulator.ManagementPort}/") };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", Sign("http://localhost/", key, rule));
    }

    /// <summary>Over https.</summary>
    public ManagementClient(ServiceBusEmulator emulator, HttpMessageHandler handler)
    {
        _http = new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{emulator.ManagementPort}/") };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", Token);
    }

    public async Task CreateQueueAsync(string name, string inner = "") =>
        Assert.Equal(
            HttpStatusCode.Created,
            (await PutAsync(name, $"<QueueDescription{Ns}>{inner}</QueueDescription>")).Status);

    public async Task<(HttpStatusCode Status, string Body)> PutAsync(
        string path, string description, bool update = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path + "?api-version=2021-05")
        {
            Content = new StringContent(
                "<entry xmlns=\"http://www.w3.org/2005/Atom\"><content type=\"application/xml\">" +
                $"{description}</content></entry>",
                Encoding.UTF8, "application/atom+xml"),
        };
        if (update)
        {
            request.Headers.TryAddWithoutValidation("If-Match", "*");
        }

        return await ReadAsync(await _http.SendAsync(request));
    }

    public async Task<(HttpStatusCode Status, string Body)> PutRawAsync(string path, string body) =>
        await ReadAsync(await _http.PutAsync(path, new StringContent(body)));

    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path) =>
        await ReadAsync(await _http.GetAsync(path));

    public async Task<(HttpStatusCode Status, string Body)> DeleteAsync(string path) =>
        await ReadAsync(await _http.DeleteAsync(path));

    public void Dispose() => _http.Dispose();

    /// <summary>Valid for everything until 2100.</summary>
    public static string Token => Sign("http://localhost/", "SAS_KEY_VALUE", "RootManageSharedAccessKey");

    public const string Ns = " xmlns=\"http://schemas.microsoft.com/netservices/2010/10/servicebus/connect\"" +
        " xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"";

    private static async Task<(HttpStatusCode Status, string Body)> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    private static string Sign(string resource, string key, string rule)
    {
        var encoded = Uri.EscapeDataString(resource);
        var signature = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(encoded + "\n4102444800"));
        return $"SharedAccessSignature sr={encoded}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}" +
            $"&se=4102444800&skn={rule}";
    }
}
