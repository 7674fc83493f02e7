// Chooses how the routing table comes: by URL or from a file.
namespace ServerlessEventing.Functions.Routing;

internal static class TableFeeds
{
    /// <summary>The URL that the setting is; null when it is a file.</summary>
    public static Uri? AddressOf(string setting) =>
        Uri.TryCreate(setting, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") ? uri : null;

    /// <summary>The feed for the setting <c>RoutingTable</c>; a URL may want a bearer token.</summary>
    public static ITableFeed For(
        string setting, string instance, RoutingTables tables, ILoggerFactory loggers, string? token = null) =>
        AddressOf(setting) is { } uri
            ? new HttpTableFeed(
                uri, instance, HttpTableFeed.CreateClient(uri, token), tables, loggers.CreateLogger<HttpTableFeed>())
            : new FileTableFeed(setting, tables, loggers.CreateLogger<FileTableFeed>());
}
