// The host's own HTTP listener: an HTTP function's route goes to the handler, everything else is answered here.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.FunctionsHost.App;
using ServerlessEventing.Local.FunctionsHost.Handler;
using Yarp.ReverseProxy.Forwarder;

namespace ServerlessEventing.Local.FunctionsHost.Http;

/// <summary>
/// Listens on loopback; bound before the handler starts, so that the handler can be told the address.
/// </summary>
internal sealed class HttpFront : IAsyncDisposable
{
    /// <summary>The real host's limit on a request body.</summary>
    private const long MaxRequestBody = 104_857_600;

    private readonly WebApplication web;
    private readonly HttpRoutes routes;
    private readonly AppSettings settings;
    private readonly TaskCompletionSource<HandlerProxy> proxy =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HttpFront(WebApplication web, FunctionApp app, AppSettings settings)
    {
        this.web = web;
        this.settings = settings;
        routes = new(app);
        web.Run(AnswerAsync);
    }

    public int Port { get; private set; }

    /// <summary>
    /// The listener on <paramref name="port"/> (0: any free one); throws IOException when it is taken.
    /// </summary>
    public static async Task<HttpFront> StartAsync(
        FunctionApp app, AppSettings settings, int port, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = app.Root });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBody;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        // The server's own lines go to the caller's loggers too, but only where something is wrong.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddProvider(new ForwardedLogging(loggers));
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        var front = new HttpFront(builder.Build(), app, settings);
        try
        {
            await front.web.StartAsync(cancellationToken);
        }
        catch
        {
            await front.web.DisposeAsync();
            throw;
        }

        var addresses = front.web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        front.Port = new Uri(addresses.Addresses.First()).Port;
        return front;
    }

    /// <summary>
    /// From now on functions' requests go to this handler; those that came before are waiting for it.
    /// </summary>
    public void Use(HandlerSupervisor handler, TimeProvider time, ILogger logger) =>
        proxy.SetResult(new(web.Services.GetRequiredService<IHttpForwarder>(), handler, time, logger));

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        proxy.TrySetCanceled();
        if (proxy.Task.IsCompletedSuccessfully)
        {
            (await proxy.Task).Dispose();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (routes.Find(context) is not null)
        {
            var handler = await proxy.Task.WaitAsync(context.RequestAborted);
            await handler.ForwardAsync(context);
            return;
        }

        if (context.Request.Path != "/")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // The real host's home page: any method on "/" that no function took is answered 2xx.
        if (string.Equals(settings.Find("AzureWebJobsDisableHomepage"), "true", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("Your function app is up and running.\n");
    }
}
