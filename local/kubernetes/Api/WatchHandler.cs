// Streams changes: one JSON event a line, with bookmarks, selector transitions and WatchList.
using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>
/// One watch:
/// <code>
///   resourceVersion N      changes after N; too old ──► 200 and one ERROR event, code 410
///   none or 0              ADDED for what is there, then changes
///   sendInitialEvents      ADDED for what is there, a BOOKMARK that says so, then changes
/// </code>
/// </summary>
public sealed class WatchHandler(ObjectStore store, ReadHandler reads, TimeProvider time)
{
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(50);

    public async Task WatchAsync(HttpContext context, ApiTarget target, CancellationToken cancellationToken)
    {
        var query = context.Request.Query;
        if (Selection.Parse(query, target).Failed(out var failure, out var selection)
            || Start.Parse(query, store.ResourceVersion).Failed(out failure, out var start))
        {
            await context.StatusAsync(failure);
            return;
        }

        var form = Negotiation.Of(context.Request.Headers.Accept);
        if (form.Form == Form.NotAcceptable)
        {
            await context.StatusAsync(ReadHandler.NotAcceptable);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, cancellationToken);
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(ended.Token);
        var stream = new EventStream(context, selection, form, reads);
        try
        {
            await RunAsync(stream, selection, start, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The client has gone or the server stops: either way the watch is over.
        }
    }

    private async Task RunAsync(
        EventStream stream, Selection selection, Start start, CancellationToken cancellationToken)
    {
        var resource = selection.Type.StorageName;
        var position = start.After;
        Watcher? watcher;
        if (start.FromState)
        {
            (var objects, position, watcher) = store.ListAndWatch(resource, selection.Namespace);
            foreach (var stored in objects.Where(selection.Matches))
            {
                stream.Write("ADDED", stored);
            }

            if (start.MarkInitialEnd)
            {
                stream.Bookmark(position, initialEventsEnd: true);
            }
        }
        else
        {
            watcher = store.Watch(resource, position);
        }

        if (watcher is null)
        {
            stream.Error(ApiStatus.Expired($"too old resource version: {position} ({store.ResourceVersion})"));
            await stream.FlushAsync(cancellationToken);
            return;
        }

        using (watcher)
        {
            await FollowAsync(stream, selection, watcher, start, cancellationToken);
        }
    }

    private async Task FollowAsync(
        EventStream stream, Selection selection, Watcher watcher, Start start, CancellationToken cancellationToken)
    {
        var end = time.GetUtcNow() + start.Timeout;
        var nextBookmark = time.GetUtcNow() + BookmarkEvery;
        while (time.GetUtcNow() is var now && now < end)
        {
            // Read before the stream is drained: what is in this version is in the stream by now.
            var version = store.ResourceVersion;
            while (watcher.Changes.TryRead(out var change))
            {
                stream.Write(change, selection);
            }

            if (start.Bookmarks && now >= nextBookmark)
            {
                stream.Bookmark(version, initialEventsEnd: false);
                nextBookmark = now + BookmarkEvery;
            }

            await stream.FlushAsync(cancellationToken);
            var until = start.Bookmarks && nextBookmark < end ? nextBookmark : end;
            if (!await MoreAsync(watcher, until - now, cancellationToken))
            {
                return;
            }
        }

        if (start.Bookmarks)
        {
            stream.Bookmark(store.ResourceVersion, initialEventsEnd: false, onlyIf: !watcher.Changes.TryPeek(out _));
            await stream.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Waits for a change or the time limit; false when the stream has been cut off.</summary>
    private async Task<bool> MoreAsync(Watcher watcher, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await watcher.Changes.WaitToReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    /// <summary>Where a watch begins, what it wants and when it ends.</summary>
    private sealed record Start(long After, bool FromState, bool MarkInitialEnd, bool Bookmarks, TimeSpan Timeout)
    {
        public static Result<Start> Parse(IQueryCollection query, long current)
        {
            if (ReadParameters.Parse(query, current).Failed(out var failure, out var given))
            {
                return failure;
            }

            var seconds = given.TimeoutSeconds > 0
                ? Math.Min(given.TimeoutSeconds, 24 * 3600)
                : Random.Shared.Next(1800, 3600);
            var after = given.Version ?? 0;
            return new Start(after, after == 0 || given.InitialEvents, given.InitialEvents, given.Bookmarks,
                TimeSpan.FromSeconds(seconds));
        }
    }

    /// <summary>Puts events on the wire in the form the client asked for.</summary>
    private sealed class EventStream(HttpContext context, Selection selection, Negotiation form, ReadHandler reads)
    {
        private readonly PipeWriter writer = context.Response.BodyWriter;
        private bool columnsSent;

        public async ValueTask FlushAsync(CancellationToken cancellationToken) =>
            await writer.FlushAsync(cancellationToken);

        /// <summary>A change as the selection sees it: what comes into view is ADDED, what leaves DELETED.</summary>
        public void Write(Change change, Selection seen)
        {
            var was = change.Previous is not null && seen.Matches(change.Previous);
            var matches = change.Kind != ChangeKind.Deleted && seen.Matches(change.Object);
            if (was || matches)
            {
                Write(was && matches ? "MODIFIED" : matches ? "ADDED" : "DELETED", change.Object);
            }
        }

        public void Write(string kind, StoredObject stored) =>
            Line(kind, form.Form switch
            {
                Form.Json => ReadHandler.Bytes(selection.Type, stored),
                Form.Table => ObjectFields.Bytes(TableOf(VersionConversion.FromStorage(selection.Type, stored))),
                _ => ObjectFields.Bytes(Printing.TablePrinter.PartialMetadata(
                    VersionConversion.FromStorage(selection.Type, stored), form.Version)),
            });

        public void Bookmark(long version, bool initialEventsEnd, bool onlyIf = true)
        {
            if (!onlyIf)
            {
                return;
            }

            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
            if (initialEventsEnd)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }

            var body = form.Form == Form.Table
                ? reads.Printer(context, selection.Type, form.Version).Table([], metadata, withColumns: false)
                : new JsonObject
                {
                    ["kind"] = form.Form == Form.Json ? selection.Type.Kind : "PartialObjectMetadata",
                    ["apiVersion"] = form.Form == Form.Json
                        ? selection.Type.ApiVersion
                        : $"meta.k8s.io/{form.Version}",
                    ["metadata"] = metadata,
                };
            Line("BOOKMARK", ObjectFields.Bytes(body));
        }

        public void Error(ApiStatus status) => Line("ERROR", ObjectFields.Bytes(status.ToJson()));

        private JsonObject TableOf(JsonObject body)
        {
            var metadata = new JsonObject { ["resourceVersion"] = body.Metadata.Text("resourceVersion") };
            var table = reads.Printer(context, selection.Type, form.Version).Table([body], metadata, !columnsSent);
            columnsSent = true;
            return table;
        }

        private void Line(string kind, byte[] body)
        {
            Encoding.ASCII.GetBytes($"{{\"type\":\"{kind}\",\"object\":", writer);
            writer.Write(body);
            writer.Write("}\n"u8);
        }
    }
}
