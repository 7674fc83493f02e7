// Routes requests: who is asking, what the path names, which handler answers.
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.Kubernetes.Discovery;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>
/// Each request:
/// <code>
///   (1) /healthz, /readyz, /livez, /version   anyone
///   (2) bearer token                          401 Status without it
///   (3) /api, /apis, /openapi                 discovery
///   (4) /api/v1/…, /apis/g/v/…                403 Status when the roles of whom it acts as do not allow it, else
///                                             a handler by method, name and `watch`
///   (5) anything else                         404 in plain text, as a real server says it
/// </code>
/// </summary>
public sealed partial class ApiServer(
    Catalog catalog, ReadHandler reads, WatchHandler watches, WriteHandler writes, PodLogHandler podLogs,
    RequestAccess access, Func<string?, bool> isAuthorized, ILogger<ApiServer> logger)
{
    private const string EmptyOpenApiV2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /// <summary>Set while stopping: open watches end at once.</summary>
    public CancellationToken Stopping { get; set; }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            Log.Failed(logger, failure, context.Request.Method, context.Request.Path);
            await context.StatusAsync(ApiStatus.Internal("the request could not be carried out; the log says why"));
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (segments)
        {
            case ["healthz" or "readyz" or "livez", ..]:
                return context.TextAsync("ok");
            case ["version"]:
                return context.JsonAsync(ServerVersion.Document());
        }

        if (!isAuthorized(context.Request.Headers.Authorization))
        {
            return context.StatusAsync(ApiStatus.Unauthorized());
        }

        return DiscoverAsync(context, segments) ?? ResourceAsync(context, segments);
    }

    /// <summary>Null when the path is not one of discovery's.</summary>
    private Task? DiscoverAsync(HttpContext context, string[] segments)
    {
        var now = catalog.Current;
        switch (segments)
        {
            case ["api" or "apis"]:
                var form = Negotiation.Of(context.Request.Headers.Accept);
                var core = segments[0] == "api";
                return form.Form == Form.Discovery
                    ? context.JsonAsync(DiscoveryDocuments.Aggregated(now, core, form.Version), contentType:
                        $"application/json;g=apidiscovery.k8s.io;v={form.Version};as=APIGroupDiscoveryList")
                    : context.JsonAsync(core
                        ? DiscoveryDocuments.CoreVersions(context.Request.Host.Value ?? "")
                        : DiscoveryDocuments.GroupList(now));
            case ["api", var version]:
                return OrUnknown(context, DiscoveryDocuments.ResourceList(now, "", version));
            case ["apis", var group]:
                return OrUnknown(context, DiscoveryDocuments.Group(now, group));
            case ["apis", var group, var version]:
                return OrUnknown(context, DiscoveryDocuments.ResourceList(now, group, version));
            case ["openapi", "v2"]:
                return context.BytesAsync(ReadOnlyMemory<byte>.Empty, type: EmptyOpenApiV2);
            case ["openapi", "v3"]:
                return context.JsonAsync(OpenApiDocuments.Index(now));
            case ["openapi", "v3", ..]:
                return OrUnknown(context, OpenApiDocuments.Document(now, string.Join('/', segments[2..])));
            default:
                return null;
        }
    }

    private static Task OrUnknown(HttpContext context, System.Text.Json.Nodes.JsonObject? document) =>
        document is null ? context.UnknownPathAsync() : context.JsonAsync(document);

    private Task ResourceAsync(HttpContext context, string[] segments)
    {
        if (ApiTarget.Parse(catalog.Current, segments) is not { } target)
        {
            return context.UnknownPathAsync();
        }

        var method = context.Request.Method;
        if (!(target.Type.CreateOnly && ReviewHandler.IsForEverybody(target.Type))
            && access.Refusal(context, target, ReadParameters.IsWatch(context.Request.Query)) is { } refusal)
        {
            return context.StatusAsync(refusal);
        }

        if (target.Type.CreateOnly)
        {
            return method == "POST" && target.Name.Length == 0
                ? new ReviewHandler(access.Roles).CreateAsync(context, target.Type)
                : context.StatusAsync(ApiStatus.MethodNotAllowed());
        }

        if (target is { Type.StorageName: "pods", Subresource: "log" })
        {
            return context.Request.Method == "GET"
                ? podLogs.ReadAsync(context, target)
                : context.StatusAsync(ApiStatus.MethodNotAllowed());
        }

        if (target.Subresource.Length > 0 && !WriteHandler.HasSubresource(target.Type, target.Subresource))
        {
            return context.StatusAsync(target.Type.NotFound(target.Name));
        }

        return target.Name.Length == 0 ? CollectionAsync(context, target) : ItemAsync(context, target);
    }

    private Task CollectionAsync(HttpContext context, ApiTarget target)
    {
        var allNamespaces = target.Type.Namespaced && target.Namespace.Length == 0;
        return context.Request.Method switch
        {
            "GET" or "HEAD" when ReadParameters.IsWatch(context.Request.Query) =>
                watches.WatchAsync(context, target, Stopping),
            "GET" or "HEAD" => reads.ListAsync(context, target),
            "POST" when !allNamespaces => writes.CreateAsync(context, target),
            "DELETE" when !allNamespaces && !target.Type.IsNamespace => writes.DeleteCollectionAsync(context, target),
            _ => context.StatusAsync(ApiStatus.MethodNotAllowed()),
        };
    }

    private Task ItemAsync(HttpContext context, ApiTarget target) => context.Request.Method switch
    {
        "GET" when target.Subresource.Length == 0 && ReadParameters.IsWatch(context.Request.Query) =>
            watches.WatchAsync(context, target, Stopping),
        "GET" or "HEAD" => reads.GetAsync(context, target),
        "PUT" => writes.UpdateAsync(context, target),
        "PATCH" => writes.PatchAsync(context, target),
        "DELETE" when target.Subresource.Length == 0 => writes.DeleteAsync(context, target),
        _ => context.StatusAsync(ApiStatus.MethodNotAllowed()),
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, Exception failure, string method, PathString path);
    }
}
