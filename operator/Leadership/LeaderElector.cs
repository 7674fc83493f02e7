// Holds a Lease so that of several replicas exactly one works.
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Leadership;

/// <summary>The rules of client-go's leader election, over <see cref="ClusterClient"/>.</summary>
/// <remarks>
/// <code>
///   1 read the Lease ── held by another, renewed lately ─► wait, read again
///   2 missing, released, or not renewed for its duration (by our own clock) ─► write our name, version-checked
///   3 lead, renewing all the while; not renewed for two thirds of the duration ─► stop leading, then 1
///   4 stopped ─► finish leading first, then give the Lease back: the next replica starts at once
/// </code>
/// KubernetesClient's own elector neither releases nor survives an API server that is away while it waits.
/// </remarks>
public sealed partial class LeaderElector(
    ClusterClient client, string @namespace, LeaderOptions options, Uri address, TimeProvider time, ILogger logger)
{
    public const string Name = "eventing-operator";
    private const string AddressAnnotation = "eventing.azure.dev/routing-table";

    // Ending a term and two requests that are not answered.
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(90);

    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _record = "";
    private long _recordSeen;
    private long _renewed;
    private long _turned = time.GetTimestamp();
    private volatile Uri? _leader;

    /// <summary>Where the leader serves the routing table, when that is another replica.</summary>
    public Uri? Leader => IsLeader ? null : _leader;

    public bool IsLeader { get; private set; }

    /// <summary>Whether the loop still turns; what a liveness probe looks at.</summary>
    public bool IsAlive => time.GetElapsedTime(Interlocked.Read(ref _turned)) < options.LeaseDuration + LongestCall;

    /// <summary>Ends when the Lease has been read or made for the first time.</summary>
    public Task Seen => _seen.Task;

    private TimeSpan RenewDeadline => options.LeaseDuration * (2.0 / 3);

    private TimeSpan Pause => options.LeaseDuration * (2.0 / 15) * (1 + (0.2 * Random.Shared.NextDouble()));

    /// <summary>
    /// Leads whenever it can, until cancelled. <paramref name="lead"/> works until its token is cancelled, and has
    /// stopped writing when it returns.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryHoldAsync(cancellationToken))
            {
                await LeadAsync(lead, cancellationToken);
            }

            await PauseAsync(cancellationToken);
        }
    }

    private async Task LeadAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IsLeader = true;
        Log.Leading(logger, options.Identity);
        var leading = lead(term.Token);
        while (!term.IsCancellationRequested && !leading.IsCompleted)
        {
            await PauseAsync(term.Token);
            if (!term.IsCancellationRequested && !await TryHoldAsync(term.Token)
                && (_leader is not null || time.GetElapsedTime(_renewed) > RenewDeadline))
            {
                Log.Lost(logger, options.Identity);
                await term.CancelAsync();
            }
        }

        await term.CancelAsync();
        try
        {
            await leading;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            Log.Failed(logger, error.Message);
        }

        IsLeader = false;
        await ReleaseAsync();
        Log.Stopped(logger, options.Identity);
    }

    // True when the Lease is ours, freshly written. _leader is whoever else holds it.
    private async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            var key = new ResourceKey(@namespace, Name);
            var answer = await client.GetAsync(ResourceTypes.Lease, key, cancellationToken);
            if (answer.IsMissing)
            {
                return Took(await client.CreateAsync(ResourceTypes.Lease, Wanted(null), cancellationToken));
            }

            var lease = answer.Require($"Lease {key}");
            _seen.TrySetResult();
            var holder = lease.Spec.NonEmpty("holderIdentity");
            if (holder is not null && holder != options.Identity && !IsExpired(lease))
            {
                _ = Uri.TryCreate(lease.Annotation(AddressAnnotation), UriKind.Absolute, out var leader);
                _leader = leader;
                return false;
            }

            return Took(await client.ReplaceAsync(ResourceTypes.Lease, Wanted(lease), "", cancellationToken));
        }
        catch (HttpRequestException error)
        {
            Log.NotReached(logger, error.Message);
        }
        catch (OperationCanceledException)
        {
            // The caller's loop sees its token.
        }

        return false;
    }

    private bool Took(ApiAnswer answer)
    {
        if (answer.IsSuccess)
        {
            _seen.TrySetResult();
            _leader = null;
            _renewed = time.GetTimestamp();
        }
        else if (!answer.IsConflict)
        {
            // No such namespace, no right to it: the replica waits, and says for what.
            Log.NotReached(logger, answer.Message);
        }

        return answer.IsSuccess;
    }

    // Clocks of two machines may differ, so a renewal counts from when we saw it, not from what it says.
    private bool IsExpired(Resource lease)
    {
        var record = lease.Spec?.ToJsonString() ?? "";
        if (record != _record)
        {
            (_record, _recordSeen) = (record, time.GetTimestamp());
            return false;
        }

        var duration = TimeSpan.FromSeconds(
            lease.Spec.Number("leaseDurationSeconds") ?? (long)options.LeaseDuration.TotalSeconds);
        return time.GetElapsedTime(_recordSeen) > duration;
    }

    private JsonObject Wanted(Resource? lease)
    {
        var now = Stamp();
        var json = lease?.Copy() ?? new JsonObject
        {
            ["apiVersion"] = ResourceTypes.Lease.ApiVersion,
            ["kind"] = ResourceTypes.Lease.Kind,
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = @namespace },
        };
        var isOurs = lease?.Spec.Text("holderIdentity") == options.Identity;
        var metadata = json.Object("metadata")!;
        var annotations = metadata.Object("annotations") ?? [];
        annotations[AddressAnnotation] = (options.Address ?? address).AbsoluteUri;
        metadata["annotations"] = annotations.Parent is null ? annotations : annotations.DeepClone();
        json["spec"] = new JsonObject
        {
            ["holderIdentity"] = options.Identity,
            ["leaseDurationSeconds"] = (long)Math.Ceiling(options.LeaseDuration.TotalSeconds),
            ["acquireTime"] = isOurs ? lease!.Spec.Text("acquireTime") ?? now : now,
            ["renewTime"] = now,
            ["leaseTransitions"] = (lease?.Spec.Number("leaseTransitions") ?? 0) + (isOurs || lease is null ? 0 : 1),
        };
        return json;
    }

    // Everything is stopped by now; the next replica need not wait for the Lease to run out.
    private async Task ReleaseAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            var key = new ResourceKey(@namespace, Name);
            var lease = (await client.GetAsync(ResourceTypes.Lease, key, limit.Token)).Object;
            if (lease?.Spec.Text("holderIdentity") == options.Identity)
            {
                var json = Wanted(lease);
                var spec = json.Object("spec")!;
                spec["holderIdentity"] = "";
                spec["leaseDurationSeconds"] = 1;
                await client.ReplaceAsync(ResourceTypes.Lease, json, "", limit.Token);
            }
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            Log.NotReached(logger, error.Message);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _turned, time.GetTimestamp());
        try
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller's loop sees its token.
        }
    }

    private string Stamp() =>
        time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads")]
        public static partial void Leading(ILogger logger, string identity);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Identity} could not renew its lease in time: it stops")]
        public static partial void Lost(ILogger logger, string identity);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} has stopped leading")]
        public static partial void Stopped(ILogger logger, string identity);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Leading ended: {Why}")]
        public static partial void Failed(ILogger logger, string why);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The lease cannot be read or written: {Why}")]
        public static partial void NotReached(ILogger logger, string why);
    }
}
