// Holds the routing table in force: one volatile field, swapped in whole, never backwards.
using System.Text.Json;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Routing;

/// <summary>
/// A request reads <see cref="Current"/> once and so sees one consistent table. A table with a lower generation than
/// the one in force is refused: the operator's generations only rise.
/// </summary>
internal sealed partial class RoutingTables(ILogger<RoutingTables> logger)
{
    private readonly SemaphoreSlim refresh = new(0, 1);

    private volatile RoutingModel? current;
    private volatile Uri? reportTypesTo;
    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The table in force; null before the first one.</summary>
    public RoutingModel? Current => current;

    /// <summary>Where who serves the table wants to be told of event types; null: nowhere.</summary>
    public Uri? ReportTypesTo
    {
        get => reportTypesTo;
        set => reportTypesTo = value;
    }

    /// <summary>Ends when the first table is in force.</summary>
    public Task WhenLoadedAsync(CancellationToken cancellationToken) => WhenChangedAsync(null, cancellationToken);

    /// <summary>The table in force as soon as it is another one than <paramref name="seen"/>.</summary>
    public async Task<RoutingModel> WhenChangedAsync(RoutingModel? seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = changed.Task;
            if (current is { } model && model != seen)
            {
                return model;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes a table in; false when the bytes are none or it is older than the one in force.</summary>
    public bool Offer(ReadOnlySpan<byte> utf8)
    {
        RoutingTable table;
        try
        {
            table = RoutingTableJson.Deserialize(utf8);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            Log.Unreadable(logger, e.Message);
            return false;
        }

        var previous = current;
        if (previous is not null && table.Generation < previous.Generation)
        {
            Log.Older(logger, table.Generation, previous.Generation);
            return false;
        }

        var model = new RoutingModel(table);
        foreach (var route in model.Egresses)
        {
            if (route.FilterError is { } error)
            {
                Log.BadFilter(logger, route.Egress.Namespace, route.Egress.Name, error);
            }
        }

        // The table first: who takes the new signal sees it, who took the old one is woken.
        current = model;
        var told = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        told.TrySetResult();
        Log.Loaded(logger, table.Generation, table.Ingresses.Count, table.Egresses.Count);
        return true;
    }

    /// <summary>Asks whoever brings tables to look again now.</summary>
    public void RequestRefresh()
    {
        if (refresh.CurrentCount == 0)
        {
            try
            {
                refresh.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another request got in between; one look serves both.
            }
        }
    }

    /// <summary>Waits until a refresh is asked for, or for <paramref name="longest"/>.</summary>
    public Task WaitForRefreshAsync(TimeSpan longest, CancellationToken cancellationToken) =>
        refresh.WaitAsync(longest, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(201, LogLevel.Information,
            "Routing table {Generation} in force: {Ingresses} ingresses, {Egresses} egresses")]
        public static partial void Loaded(ILogger logger, long generation, int ingresses, int egresses);

        [LoggerMessage(202, LogLevel.Warning, "Routing table {Generation} refused: {Current} is in force")]
        public static partial void Older(ILogger logger, long generation, long current);

        [LoggerMessage(203, LogLevel.Error, "Not a routing table: {Error}")]
        public static partial void Unreadable(ILogger logger, string error);

        [LoggerMessage(204, LogLevel.Error, "The filter of {Namespace}/{Name} cannot be used: {Error}")]
        public static partial void BadFilter(ILogger logger, string @namespace, string name, string error);
    }
}
