// The management API's HTTP server: ATOM for entities, and health.
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>Kestrel on loopback with one handler for everything.</summary>
internal sealed class ManagementServer : IAsyncDisposable
{
    private const long MaxBodyBytes = 1024 * 1024;
    private readonly WebApplication _application;

    private ManagementServer(WebApplication application, int port)
    {
        _application = application;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Throws <see cref="IOException"/> when the port is taken.</summary>
    public static async Task<ManagementServer> StartAsync(
        IPEndPoint endpoint,
        X509Certificate2? certificate,
        ILoggerFactory loggers,
        ManagementRequests requests,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(loggers);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.AddServerHeader = false;
            kestrel.Listen(endpoint, listen =>
            {
                if (certificate is not null)
                {
                    // What clients of Azure know; also WebSockets, which need it.
                    listen.Protocols = HttpProtocols.Http1;
                    listen.UseHttps(certificate);
                }
            });
        });
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(requests.HandleAsync);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        var address = application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First();
        return new ManagementServer(application, new Uri(address).Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
