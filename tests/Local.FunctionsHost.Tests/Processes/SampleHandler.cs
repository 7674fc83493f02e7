// A handler process for the tests: writes down what it is sent and behaves as the function's name says.
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests.Processes;

/// <summary>
/// Arguments: <c>--exit N</c> ends at once; <c>--gate</c> listens only once the file <c>gate</c> exists in the app's
/// folder; <c>--deaf</c> never listens; <c>--ignore-stdin</c> outlives its stdin.
/// </summary>
internal static class SampleHandler
{
    private static readonly Lock Writing = new();

    public static async Task<int> RunAsync(string[] args)
    {
        var root = Environment.GetEnvironmentVariable("FUNCTIONS_APP_ROOT_PATH")!;
        Append(root, "starts", new StartRecord
        {
            ProcessId = Environment.ProcessId,
            Folder = Environment.CurrentDirectory,
            Arguments = args,
            Variables = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
                .ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value ?? ""),
        });
        Console.WriteLine("a line on stdout");
        Console.Error.WriteLine("a line on stderr");
        if (Array.IndexOf(args, "--exit") is var index and >= 0)
        {
            return int.Parse(args[index + 1]);
        }

        if (!args.Contains("--ignore-stdin"))
        {
            _ = EndWithStdinAsync();
        }

        if (args.Contains("--gate"))
        {
            await Eventually.True(
                () => File.Exists(Path.Combine(root, "gate")), "the gate opens");
        }

        if (args.Contains("--deaf"))
        {
            await new TaskCompletionSource().Task;
        }

        await ServeAsync(root);
        return 0;
    }

    private static async Task ServeAsync(string root)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = root });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            var port = int.Parse(Environment.GetEnvironmentVariable("FUNCTIONS_CUSTOMHANDLER_PORT")!);
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        await using var app = builder.Build();
        app.Run(context => AnswerAsync(context, root));
        await app.RunAsync();
    }

    private static async Task EndWithStdinAsync()
    {
        // Not Console.In: its asynchronous methods block the caller.
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);

        Environment.Exit(0);
    }

    private static async Task AnswerAsync(HttpContext context, string root)
    {
        if (context.Request.Path == "/" && !context.Request.Headers.ContainsKey("x-ms-invocation-id"))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (context.Request.Path == "/upload")
        {
            await UploadAsync(context, root);
            return;
        }

        if (context.Request.Path == "/download")
        {
            await DownloadAsync(context, root);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Append(root, "requests", new RequestRecord
        {
            Method = context.Request.Method,
            Target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
            Headers = context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()),
            Body = body.ToArray(),
        });
        await BehaveAsync(context, body.ToArray());
    }

    private static async Task BehaveAsync(HttpContext context, byte[] body)
    {
        var response = context.Response;
        var deliveryCountIsOne = body.AsSpan().IndexOf("\"DeliveryCount\":\"1\""u8) >= 0;
        switch (context.Request.Path.Value)
        {
            case "/Fail":
            case "/FailOnce" when deliveryCountIsOne:
                response.StatusCode = StatusCodes.Status500InternalServerError;
                break;
            case "/CrashOnce" when deliveryCountIsOne:
            case "/Crash":
                Environment.Exit(42);
                break;
            case "/Recycle":
                Environment.Exit(200);
                break;
            case "/Empty":
                break;
            case "/Hang":
                await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
                break;
            case "/NotJson":
                response.ContentType = "application/json";
                await response.WriteAsync("done");
                break;
            case "/Text":
                response.ContentType = "text/plain";
                await response.WriteAsync("{}");
                break;
            default:
                response.StatusCode = int.TryParse(context.Request.Query["status"], out var status) ? status : 200;
                response.Headers.Location = status == 302 ? "http://elsewhere.invalid/" : default;
                response.ContentType = "application/json";
                await response.WriteAsync("""{"Logs":["a line of the function"],"ReturnValue":null}""");
                break;
        }
    }

    /// <summary>Answers with the hash of the body; the file <c>uploaded</c> says how much has come so far.</summary>
    private static async Task UploadAsync(HttpContext context, string root)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var total = 0L;
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
        {
            total += read;
            hash.AppendData(buffer.AsSpan(0, read));
            await File.WriteAllTextAsync(Path.Combine(root, "uploaded"), total.ToString());
        }

        await context.Response.WriteAsync(Convert.ToHexString(hash.GetHashAndReset()));
    }

    /// <summary>Sends a first piece, and the second once the file <c>gate</c> exists.</summary>
    private static async Task DownloadAsync(HttpContext context, string root)
    {
        await context.Response.WriteAsync("first");
        await context.Response.Body.FlushAsync();
        await Eventually.True(() => File.Exists(Path.Combine(root, "gate")), "the gate opens");
        await context.Response.WriteAsync("second");
    }

    private static void Append<T>(string root, string file, T record)
    {
        lock (Writing)
        {
            File.AppendAllText(Path.Combine(root, file + ".jsonl"), JsonSerializer.Serialize(record) + "\n");
        }
    }
}

/// <summary>A start of the handler process.</summary>
internal sealed record StartRecord
{
    public required int ProcessId { get; init; }

    public required string Folder { get; init; }

    public required string[] Arguments { get; init; }

    public required Dictionary<string, string> Variables { get; init; }
}

/// <summary>A request as the handler got it.</summary>
internal sealed record RequestRecord
{
    public required string Method { get; init; }

    public required string Target { get; init; }

    public required Dictionary<string, string> Headers { get; init; }

    public required byte[] Body { get; init; }

    public string Text => System.Text.Encoding.UTF8.GetString(Body);
}
