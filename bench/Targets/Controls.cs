// The controls: what the same machine does in the same minute with nothing, or next to nothing, behind the POST.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace ServerlessEventing.Bench.Targets;

/// <summary>Each control is a process of its own: this program with the verb <c>control</c>.</summary>
internal static class Controls
{
    public const string Accept = "accept";
    public const string Relay = "relay";

    private const string ReadyMark = "control listens";

    public static async Task<Target> StartAsync(string kind, Uri subscriber, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var child = await ChildProcess.StartAsync(
            Path.Combine(AppContext.BaseDirectory, typeof(Controls).Assembly.GetName().Name + ".dll"),
            ["control", kind, port.ToString(CultureInfo.InvariantCulture), subscriber.AbsoluteUri],
            ReadyMark, TimeSpan.FromSeconds(60), cancellationToken);
        var name = kind == Accept ? "control: POST → 202" : "control: two-hop relay";
        return new(name, new Uri($"http://127.0.0.1:{port}/"), kind == Relay, child.Id, child);
    }

    /// <summary>Runs a control until it is told to stop.</summary>
    public static async Task RunAsync(string kind, int port, Uri subscriber, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        await using var web = builder.Build();
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        web.Run(kind == Accept ? AcceptAsync : context => RelayAsync(context, http, subscriber));
        await web.StartAsync(cancellationToken);
        Console.WriteLine(ReadyMark);
        await web.WaitForShutdownAsync(cancellationToken);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task AcceptAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>Receives the whole event, posts it on, and acknowledges once it is delivered: no store.</summary>
    private static async Task RelayAsync(HttpContext context, HttpMessageInvoker http, Uri subscriber)
    {
        var body = new byte[context.Request.ContentLength ?? 0];
        await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
        using var request = new HttpRequestMessage(HttpMethod.Post, subscriber);
        request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in context.Request.Headers)
        {
            if (name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
            {
                request.Headers.TryAddWithoutValidation(name, value.ToString());
            }
        }

        request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        using var response = await http.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = response.IsSuccessStatusCode
            ? StatusCodes.Status202Accepted
            : StatusCodes.Status502BadGateway;
    }
}
