// The routing table in a blob: each table gets there, after failures too, and may be read back.
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Routing;

public sealed class BlobTableTests
{
    // Azurite's published account; no secret.
    private const string Account = "devstoreaccount1";
    private const string AccountKey =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    [Fact]
    public async Task Tables_OneAfterAnother_AreWrittenWhateverFailsInBetween()
    {
        var puts = new List<(string Type, string Version, long Generation)>();
        var refusals = 1;
        await using var storage = await ServeAsync(async context =>
        {
            if (Interlocked.Decrement(ref refusals) >= 0)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            lock (puts)
            {
                puts.Add((
                    context.Request.Headers["x-ms-blob-type"].ToString(),
                    context.Request.Headers["x-ms-version"].ToString(),
                    RoutingTableJson.Deserialize(body.ToArray()).Generation));
            }

            context.Response.StatusCode = StatusCodes.Status201Created;
        });
        await WriteTwiceAsync(new Uri(storage.Urls.First() + "/eventing/routing.json?sig=x"), async generation =>
        {
            await Task.Yield();
            lock (puts)
            {
                return puts.Count > 0 && puts[^1].Generation == generation;
            }
        });
        Assert.All(puts, put => Assert.Equal(("BlockBlob", "2021-12-02"), (put.Type, put.Version)));
        Assert.Equal(puts.Select(put => put.Generation).Order(), puts.Select(put => put.Generation));
    }

    [Fact]
    public async Task Tables_ToAzurite_AreReadBackFromThere()
    {
        Assert.SkipUnless(LongRun.Asked, "Installs Azurite (360 MB): set EVENTING_LONG=1.");
        var project = new NodeProject("azurite");
        await project.Install();
        var port = FreePort.Next();
        using var azurite = Process.Start(new ProcessStartInfo(
            RequiredTool.Find("node"),
            $"{project.Folder}/node_modules/azurite/dist/src/blob/main.js --blobPort {port} --inMemoryPersistence "
            + "--disableTelemetry --skipApiVersionCheck --silent"))!;
        try
        {
            using var http = new HttpClient();
            var container = new Uri($"http://127.0.0.1:{port}/{Account}/eventing?restype=container&{Signature()}");
            await Eventually.True(() => PutAsync(http, container), "the container is there");
            var blob = new Uri($"http://127.0.0.1:{port}/{Account}/eventing/routing.json?{Signature()}");
            await WriteTwiceAsync(blob, async generation =>
            {
                using var answer = await http.GetAsync(blob);
                return answer.StatusCode == HttpStatusCode.OK && answer.Headers.ETag is not null
                    && RoutingTableJson.Deserialize(await answer.Content.ReadAsByteArrayAsync()).Generation
                        == generation;
            });
        }
        finally
        {
            azurite.Kill(entireProcessTree: true);
            await azurite.WaitForExitAsync();
        }
    }

    private static async Task WriteTwiceAsync(Uri blob, Func<long, Task<bool>> isThere)
    {
        await using var house = new House();
        await house.InitializeAsync();
        await house.Restart(options => options with { RoutingBlob = blob });
        foreach (var name in (string[])["first", "second"])
        {
            await house.Apply($$"""
                apiVersion: eventing.knative.dev/v1
                kind: Broker
                metadata: {name: {{name}}, namespace: default}
                """);
            await Eventually.Passes(async () =>
            {
                var table = await house.Table();
                Assert.Contains(table.Ingresses, ingress => ingress.Name == name);
                Assert.True(await isThere(table.Generation));
            });
        }
    }

    private static async Task<bool> PutAsync(HttpClient http, Uri address)
    {
        try
        {
            using var answer = await http.PutAsync(address, null);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // "Create an account SAS", version 2020-12-06.
    private static string Signature()
    {
        const string Expiry = "2100-01-01T00:00:00Z";
        var text = $"{Account}\nrwcl\nb\nsco\n\n{Expiry}\n\n\n2020-12-06\n\n";
        var signature = HMACSHA256.HashData(Convert.FromBase64String(AccountKey), Encoding.UTF8.GetBytes(text));
        return $"sv=2020-12-06&ss=b&srt=sco&sp=rwcl&se={Uri.EscapeDataString(Expiry)}"
            + $"&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}";
    }

    private static async Task<WebApplication> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}
