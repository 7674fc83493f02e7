// A copy of one kind's objects, kept true by list and watch.
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.Workloads.Cluster;

/// <summary>Objects are never changed in place: a change replaces them.</summary>
internal sealed partial class Mirror(
    ApiConnection api, string path, Action changed, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, JsonObject> items = new();
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ICollection<JsonObject> Items => items.Values;

    /// <summary>Ends when the first list is in.</summary>
    public Task Synced => synced.Task;

    public JsonObject? Find(string @namespace, string name) => items.GetValueOrDefault($"{@namespace}/{name}");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var version = await ListAsync(cancellationToken);
                await FollowAsync(version, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception lost) when (lost is HttpRequestException or IOException or JsonException
                or OperationCanceledException)
            {
                Log.Lost(logger, path, lost.Message);
                await Task.WhenAny(Task.Delay(Pause, time, cancellationToken));
            }
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await api.GetAsync(path, cancellationToken);
        if (!answer.IsSuccess)
        {
            throw new HttpRequestException(answer.Message);
        }

        var found = answer.Body.Objects("items").ToDictionary(Key);
        foreach (var gone in items.Keys.Where(key => !found.ContainsKey(key)))
        {
            items.TryRemove(gone, out _);
        }

        foreach (var (key, item) in found)
        {
            items[key] = item;
        }

        synced.TrySetResult();
        changed();
        return answer.Body.Text("metadata", "resourceVersion") ?? "0";
    }

    private async Task FollowAsync(string version, CancellationToken cancellationToken)
    {
        await foreach (var change in api.WatchAsync(path, version, cancellationToken))
        {
            if (change.At("object") is not JsonObject item || change.Text("type") is "ERROR" or "BOOKMARK")
            {
                return;
            }

            if (change.Text("type") == "DELETED")
            {
                items.TryRemove(Key(item), out _);
            }
            else
            {
                items[Key(item)] = item;
            }

            changed();
        }
    }

    private static string Key(JsonObject item) => $"{item.Namespace()}/{item.Name()}";

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Listing {Path} again: {Reason}")]
        public static partial void Lost(ILogger logger, string path, string reason);
    }
}
