// Brings the routing table from a file and watches it.
namespace ServerlessEventing.Functions.Routing;

/// <summary>
/// Looks at the file ten times a second: unlike change notifications, that also works on mounted ConfigMaps and shares.
/// </summary>
internal sealed partial class FileTableFeed(string path, RoutingTables tables, ILogger<FileTableFeed> logger)
    : ITableFeed
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        (DateTime Written, long Length)? seen = null;
        string? said = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // Mounted ConfigMaps swap a link, so it is the target's time that counts.
                var file = new FileInfo(path);
                var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
                var now = (target.LastWriteTimeUtc, target.Length);
                if (now != seen)
                {
                    tables.Offer(await File.ReadAllBytesAsync(path, cancellationToken));
                    seen = now;
                }

                said = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (said != e.Message)
                {
                    Log.Unreadable(logger, path, e.Message);
                    said = e.Message;
                }
            }

            await tables.WaitForRefreshAsync(LookInterval, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(211, LogLevel.Warning, "Routing table {Path} cannot be read: {Error}")]
        public static partial void Unreadable(ILogger logger, string path, string error);
    }
}
