// HTTP functions: what reaches the handler, what comes back, which route wins.
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class ProxyTests : IAsyncLifetime
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private readonly SampleApp app = new();
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    private FunctionsHost host = null!;

    public async ValueTask InitializeAsync()
    {
        app.WriteHostJson([], "\"extensions\": { \"http\": { \"routePrefix\": \"\" } }");
        app.Http("Everything", "{*path}").Http("Special", "things/{id:int}", "\"get\"");
        host = await app.StartAsync(("SETTING_OF_MINE", "yes"));
        http.BaseAddress = new Uri($"http://127.0.0.1:{host.Port}");
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await host.DisposeAsync();
        app.Dispose();
    }

    [Fact]
    public async Task Request_Proxied_HasTheHeadersOfTheRecordedOne()
    {
        var recorded = Capture.Read("http_proxying_mode_backport.log")
            .First(capture => capture.RequestLine.StartsWith("POST /api/echo/bob", StringComparison.Ordinal));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/echo/bob");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.TryAddWithoutValidation("User-Agent", "curl/7.88.1");
        request.Content = new StringContent("""{"a":1}""", new MediaTypeHeaderValue("application/json"));
        request.Content.Headers.ContentEncoding.Add("identity");
        (await http.SendAsync(request)).EnsureSuccessStatusCode();

        var got = Assert.Single(app.Requests);
        Assert.Equal(recorded.HeaderNames.Order(), got.Headers.Keys.Order());
        foreach (var (name, value) in recorded.Headers.Select(Split))
        {
            var expected = name switch
            {
                "Host" => $"127.0.0.1:{app.Starts[0].Variables["FUNCTIONS_CUSTOMHANDLER_PORT"]}",
                "X-Forwarded-Host" => $"127.0.0.1:{host.Port}",
                "X-Azure-Functions-InvocationId" or "x-ms-invocation-id" => null,
                _ => value,
            };
            Assert.True(expected is null || expected == got.Headers[name], $"{name}: {got.Headers[name]}");
        }

        Assert.Equal(got.Headers["x-ms-invocation-id"], got.Headers["X-Azure-Functions-InvocationId"]);
        Assert.True(Guid.TryParse(got.Headers["x-ms-invocation-id"], out _));
        Assert.Equal("""{"a":1}""", got.Text);
    }

    [Theory]
    [InlineData("/api/echo/bob/x/y%20z%2Fw?q=1&q=2&z=%C3%A9&empty=&flag")]
    [InlineData("/")]
    [InlineData("/Everything")]
    [InlineData("/a/b/c")]
    public async Task Target_Proxied_StaysAsItWas(string target)
    {
        (await http.GetAsync(target)).EnsureSuccessStatusCode();
        Assert.Equal(target, Assert.Single(app.Requests).Target);
    }

    [Fact]
    public async Task Client_PretendingToBeTheHost_IsOverruled()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.TryAddWithoutValidation("x-ms-invocation-id", "mine");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", "10.1.2.3");
        request.Headers.TryAddWithoutValidation("traceparent", TraceParent);
        (await http.SendAsync(request)).EnsureSuccessStatusCode();

        var got = Assert.Single(app.Requests).Headers;
        Assert.NotEqual("mine", got["x-ms-invocation-id"]);
        Assert.Equal("127.0.0.1", got["X-Forwarded-For"]);
        Assert.Equal(TraceParent, got["traceparent"]);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(302)]
    [InlineData(418)]
    public async Task Status_OfTheHandler_ReachesTheClient(int status)
    {
        var response = await http.GetAsync($"/x?status={status}");
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task ChunkedBody_IsStreamedToTheHandler()
    {
        var piece = new byte[100_000];
        var pipe = new System.IO.Pipelines.Pipe();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/upload")
        {
            Content = new StreamContent(pipe.Reader.AsStream()),
        };
        var answer = http.SendAsync(request);
        // Every hop may hold a little back, but not a whole piece.
        await pipe.Writer.WriteAsync(piece);
        await Eventually.True(() => File.Exists(app["uploaded"]), "the handler reads before all is sent");

        await pipe.Writer.WriteAsync(piece);
        await pipe.Writer.CompleteAsync();
        using var response = await answer;
        Assert.Equal(Hash([.. piece, .. piece]), await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Answer_IsStreamedToTheClient()
    {
        using var response = await http.GetAsync("/download", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64];
        Assert.Equal("first", Encoding.UTF8.GetString(buffer, 0, await body.ReadAsync(buffer)));
        await File.WriteAllTextAsync(app["gate"], "");
        Assert.Equal("second", Encoding.UTF8.GetString(buffer, 0, await body.ReadAsync(buffer)));
        Assert.Equal(0, await body.ReadAsync(buffer));
    }

    [Fact]
    public async Task HandlerStart_GivesVariablesArgumentsAndFolder()
    {
        await host.Ready;
        var start = Assert.Single(app.Starts);
        Assert.Equal(host.HandlerProcessId, start.ProcessId);
        Assert.Equal(Path.GetFullPath(app.Root), start.Folder);
        Assert.Equal(app.Root, start.Variables["FUNCTIONS_APP_ROOT_PATH"]);
        Assert.Equal(
            start.Variables["FUNCTIONS_CUSTOMHANDLER_PORT"], start.Variables["FUNCTIONS_HTTPWORKER_PORT"]);
        Assert.Equal(
            start.Variables["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], start.Variables["FUNCTIONS_HTTPWORKER_ID"]);
        Assert.Equal($"http://127.0.0.1:{host.Port}", start.Variables["ASPNETCORE_URLS"]);
        Assert.Equal("yes", start.Variables["SETTING_OF_MINE"]);
        await Eventually.True(
            () => app.Logs.Has("a line on stdout") && app.Logs.Has("a line on stderr"),
            "the handler's lines are logged");
    }

    [Fact]
    public async Task LargeBody_PassesWhole()
    {
        var bytes = new byte[20_000_000];
        new Random(1).NextBytes(bytes);
        var response = await http.PostAsync("/upload", new ByteArrayContent(bytes));
        Assert.Equal(Hash(bytes), await response.Content.ReadAsStringAsync());
    }

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private static (string Name, string Value) Split(string header)
    {
        var colon = header.IndexOf(':');
        return (header[..colon], header[(colon + 2)..]);
    }
}
