// A local copy of every object of one kind, kept up to date by list and watch.
using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>A change of one object: made (no old), changed, or gone (no new).</summary>
public sealed record ResourceChange(ResourceType Type, Resource? Old, Resource? New)
{
    public Resource Either => New ?? Old!;
}

/// <summary>Lists, then watches from there; after a gap lists again and tells what it missed.</summary>
/// <remarks>
/// <code>
///   1 list ──► 2 replace the store, telling the differences (also what vanished meanwhile)
///     ▲                     │
///     │ 410, ERROR          ▼
///     └──────────── 3 watch from the list's version; bookmarks move it on; a clean end watches again
/// </code>
/// A kind that is not served (404) counts as synced, and is asked for again: it may come later. What was known of its
/// objects stays: objects that were deleted are told by the watch, or missing from the next list.
/// </remarks>
public sealed partial class Informer(ClusterClient client, ResourceType type, TimeProvider time, ILogger logger)
{
    private const int PageSize = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MissingPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestMissingPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ResourceKey, Resource> _store = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastHeard = time.GetTimestamp();

    /// <summary>Raised on the informer's own loop: handlers only enqueue.</summary>
    public event Action<ResourceChange>? Changed;

    public ResourceType Type => type;

    /// <summary>Ends when the first list is in the store.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Whether the cluster serves the kind, as the last list saw it.</summary>
    public bool IsServed { get; private set; }

    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <summary>How long ago the API server was last heard of; what a liveness probe looks at.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref _lastHeard));

    public IEnumerable<Resource> All => _store.Values;

    public Resource? Get(ResourceKey key) => _store.GetValueOrDefault(key);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        string? version = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                version ??= await ListAsync(cancellationToken);
                if (version is not null)
                {
                    version = await WatchAsync(version, cancellationToken);
                    pause = FirstPause;
                    continue;
                }

                pause = pause < MissingPause ? MissingPause
                    : pause < LongestMissingPause ? pause : LongestMissingPause;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is HttpRequestException or IOException or JsonException
                or OperationCanceledException)
            {
                Log.Interrupted(logger, type.Plural, error.Message);
            }

            await PauseAsync(pause, cancellationToken);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause * (1 + Random.Shared.NextDouble()), time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop sees the token.
        }
    }

    // The version to watch from, or null when the kind is not there.
    private async Task<string?> ListAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<ResourceKey, Resource>();
        var version = "0";
        string? next = null;
        do
        {
            var page = await client.GetAsync(
                $"{type.Path(type.OnlyNamespace ?? "")}?limit={PageSize}{Selector}"
                    + (next is null ? "" : $"&continue={Uri.EscapeDataString(next)}"),
                cancellationToken);
            if (page.IsMissing)
            {
                IsServed = false;
                Interlocked.Exchange(ref _lastHeard, time.GetTimestamp());
                _synced.TrySetResult();
                return null;
            }

            if (!page.IsSuccess)
            {
                throw new HttpRequestException($"List of {type.Plural}: {page.Message}", null, page.Code);
            }

            foreach (var item in page.Body.Items("items").OfType<System.Text.Json.Nodes.JsonObject>())
            {
                var resource = new Resource(item);
                found[resource.Key] = resource;
            }

            version = page.Body.NonEmpty("metadata", "resourceVersion") ?? version;
            next = page.Body.NonEmpty("metadata", "continue");
        }
        while (next is not null);

        IsServed = true;
        Replace(found);
        return version;
    }

    private string Selector =>
        type.LabelSelector is { } selector ? $"&labelSelector={Uri.EscapeDataString(selector)}" : "";

    private void Replace(Dictionary<ResourceKey, Resource> found)
    {
        Interlocked.Exchange(ref _lastHeard, time.GetTimestamp());
        foreach (var resource in found.Values)
        {
            Put(resource);
        }

        foreach (var key in _store.Keys.Where(key => !found.ContainsKey(key)))
        {
            Remove(key);
        }

        _synced.TrySetResult();
    }

    // The version to go on from, or null to list again.
    private async Task<string?> WatchAsync(string version, CancellationToken cancellationToken)
    {
        var timeout = TimeSpan.FromSeconds(300 + Random.Shared.Next(300));
        await foreach (var change in client.WatchAsync(type, version, timeout, cancellationToken))
        {
            Interlocked.Exchange(ref _lastHeard, time.GetTimestamp());
            var kind = change.Text("type");
            if (change.Object("object") is not { } json)
            {
                continue;
            }

            if (kind == "ERROR")
            {
                Log.Relist(logger, type.Plural, json.Text("message") ?? json.Number("code")?.ToString() ?? "unknown");
                return null;
            }

            json.Parent?.AsObject().Remove("object");
            var resource = new Resource(json);
            version = resource.Version.Length > 0 ? resource.Version : version;
            if (kind == "DELETED")
            {
                Remove(resource.Key, resource);
            }
            else if (kind is "ADDED" or "MODIFIED")
            {
                Put(resource);
            }
        }

        return version;
    }

    private void Put(Resource resource)
    {
        // Who wrote which field is a third of an object, and nobody here asks; an update without it leaves it as it is.
        resource.Json.Object("metadata")?.Remove("managedFields");
        _store.TryGetValue(resource.Key, out var old);
        if (old is not null && old.Uid == resource.Uid && old.Version == resource.Version)
        {
            return;
        }

        _store[resource.Key] = resource;
        Tell(new ResourceChange(type, old, resource));
    }

    // What a watch tells of the end is the object's last state; after a gap only the one before is known.
    private void Remove(ResourceKey key, Resource? last = null)
    {
        if (_store.TryRemove(key, out var old))
        {
            Tell(new ResourceChange(type, last ?? old, null));
        }
    }

    private void Tell(ResourceChange change) => Changed?.Invoke(change);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Watch of {Plural} interrupted: {Reason}")]
        public static partial void Interrupted(ILogger logger, string plural, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Listing {Plural} again: {Reason}")]
        public static partial void Relist(ILogger logger, string plural, string reason);
    }
}
