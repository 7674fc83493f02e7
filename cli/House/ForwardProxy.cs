// An HTTP forward proxy that brings cluster names to local ports, so that addresses in statuses work on a laptop.
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// Understands <c>curl -x</c> and HTTP_PROXY for http. <c>name.ns.svc[.domain]</c> goes to what
/// <see cref="LocalNames"/> says, any other host is refused: this is no way out to the world.
/// </summary>
internal sealed class ForwardProxy : IAsyncDisposable
{
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromMinutes(10) };

    private readonly WebApplication app;
    private readonly LocalNames names;
    private readonly IHttpForwarder forwarder;
    private readonly HttpMessageInvoker client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
    });

    private ForwardProxy(int port, LocalNames names)
    {
        this.names = names;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        app = builder.Build();
        forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        app.Run(ForwardAsync);
    }

    public static async Task<ForwardProxy> StartAsync(
        int port, LocalNames names, CancellationToken cancellationToken)
    {
        var proxy = new ForwardProxy(port, names);
        await proxy.app.StartAsync(cancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var place = await names.FindAsync(context.Request.Host.Host, context.RequestAborted);
        if (place.Port is { } port)
        {
            await forwarder.SendAsync(
                context, $"http://127.0.0.1:{port}", client, Config, KeepHostTransformer.Instance);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status502BadGateway;
        context.Response.ContentType = "application/problem+json";
        await context.Response.WriteAsJsonAsync(
            new ProblemBody("about:blank", "No local address", StatusCodes.Status502BadGateway, place.Problem!),
            ProblemContext.Default.ProblemBody,
            "application/problem+json",
            context.RequestAborted);
    }

    private sealed class KeepHostTransformer : HttpTransformer
    {
        public static readonly KeepHostTransformer Instance = new();

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext,
            HttpRequestMessage proxyRequest,
            string destinationPrefix,
            CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Host = httpContext.Request.Host.Value;
        }
    }
}
