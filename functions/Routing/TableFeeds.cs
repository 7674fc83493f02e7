// Chooses how the routing table comes: by URL or from a file.
namespace ServerlessEventing.Functions.Routing;

internal static class TableFeeds
{
    /// <summary>The feed for the setting <c>RoutingTable</c>.</summary>
    public static ITableFeed For(string setting, string instance, RoutingTables tables, ILoggerFactory loggers) =>
        Uri.TryCreate(setting, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? new HttpTableFeed(
                uri, instance, HttpTableFeed.CreateClient(), tables, loggers.CreateLogger<HttpTableFeed>())
            : new FileTableFeed(setting, tables, loggers.CreateLogger<FileTableFeed>());
}
