// A small Kubernetes API server in this process: the real kubectl works against it.
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.Kubernetes.Access;
using ServerlessEventing.Local.Kubernetes.Api;
using ServerlessEventing.Local.Kubernetes.Identity;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Lifecycle;
using ServerlessEventing.Local.Kubernetes.Storage;
using ServerlessEventing.Local.Kubernetes.Writes;

namespace ServerlessEventing.Local.Kubernetes;

/// <summary>
/// A running server:
/// <code>
///   kubectl ─TLS, token─► Api/ApiServer ─┬─► Api/ReadHandler, WatchHandler ─────► Storage/ObjectStore ─► SQLite
///                                        └─► Api/WriteHandler ─► Writes/ObjectWriter ─┘   │ changes
///                        Kinds/Catalog  ◄── CRDs ─────────────────────────────────────────┤
///                        Lifecycle/Janitor ◄── owners, namespaces, CRDs deleted ──────────┘
/// </code>
/// </summary>
public sealed class KubernetesApi : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ObjectStore store;
    private readonly Janitor janitor;
    private readonly CancellationTokenSource stopping;
    private readonly ServerIdentity identity;

    private KubernetesApi(
        WebApplication app, ObjectStore store, Janitor janitor, CancellationTokenSource stopping, Uri uri,
        string kubeconfigPath, ServerIdentity identity)
    {
        this.identity = identity;
        this.app = app;
        this.store = store;
        this.janitor = janitor;
        this.stopping = stopping;
        Uri = uri;
        KubeconfigPath = kubeconfigPath;
    }

    public Uri Uri { get; }

    public int Port => Uri.Port;

    public string KubeconfigPath { get; }

    /// <summary>Starts a server on loopback; <see cref="PortTakenException"/> when the port is in use.</summary>
    public static async Task<KubernetesApi> StartAsync(
        KubernetesApiOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.DataFolder);
        var identity = ServerIdentity.LoadOrCreate(options.DataFolder, options.TimeProvider);
        var store = new ObjectStore(Path.Combine(options.DataFolder, "objects.db"));
        var catalog = new Catalog(store);
        var writer = new ObjectWriter(store, options.TimeProvider);
        var janitor = new Janitor(store, catalog, writer, options.TimeProvider,
            options.LoggerFactory.CreateLogger<Janitor>());
        var stopping = new CancellationTokenSource();
        var app = Build(options, identity);
        try
        {
            await Bootstrap.RunAsync(catalog, writer, cancellationToken);
            Map(app, options, identity, store, catalog, writer, stopping.Token);
            await app.StartAsync(cancellationToken);
            janitor.Start();
            var uri = AddressOf(app);
            var kubeconfig = options.KubeconfigPath ?? Path.Combine(options.DataFolder, "kubeconfig");
            Kubeconfig.Write(kubeconfig, uri, identity);
            return new KubernetesApi(app, store, janitor, stopping, uri, kubeconfig, identity);
        }
        catch (Exception failure)
        {
            await app.DisposeAsync();
            await store.DisposeAsync();
            stopping.Dispose();
            if (failure is IOException && IsAddressInUse(failure))
            {
                throw new PortTakenException(options.Port, failure);
            }

            throw;
        }
    }

    /// <summary>A client that trusts this server and is let in, as one with the kubeconfig is.</summary>
    public HttpClient CreateClient() => identity.CreateClient(Uri);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await app.StopAsync();
        await janitor.DisposeAsync();
        await store.DisposeAsync();
        await app.DisposeAsync();
        stopping.Dispose();
    }

    private static WebApplication Build(KubernetesApiOptions options, ServerIdentity identity)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(options.LoggerFactory);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBody.DrainLimit;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1_000;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(identity.Certificate);
            });
        });
        return builder.Build();
    }

    private static void Map(
        WebApplication app, KubernetesApiOptions options, ServerIdentity identity, ObjectStore store, Catalog catalog,
        ObjectWriter writer, CancellationToken cancellationToken)
    {
        var reads = new ReadHandler(store, options.TimeProvider);
        var server = new ApiServer(
            catalog, reads, new WatchHandler(store, reads, options.TimeProvider), new WriteHandler(store, writer),
            new PodLogHandler(store, options.TimeProvider, options.PodLogs),
            new RequestAccess(new Roles(store)), identity.IsAuthorized, options.LoggerFactory.CreateLogger<ApiServer>())
        {
            Stopping = cancellationToken,
        };
        app.Run(server.HandleAsync);
    }

    private static Uri AddressOf(WebApplication app) => new(app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First());

    private static bool IsAddressInUse(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException!)
        {
            if (inner is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                return true;
            }
        }

        return failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException;
    }
}
