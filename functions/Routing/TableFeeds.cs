// Chooses how the routing table comes: by URL or from a file.
namespace ServerlessEventing.Functions.Routing;

internal static class TableFeeds
{
    /// <summary>The feed for the setting <c>RoutingTable</c>; a URL may want a bearer token.</summary>
    public static ITableFeed For(
        string setting, string instance, RoutingTables tables, ILoggerFactory loggers, string? token = null) =>
        Uri.TryCreate(setting, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? new HttpTableFeed(
                uri, instance, HttpTableFeed.CreateClient(uri, token), tables, loggers.CreateLogger<HttpTableFeed>())
            : new FileTableFeed(setting, tables, loggers.CreateLogger<FileTableFeed>());
}
