// The receive adapter of an ApiServerSource: tells a sink of each change of the objects it watches.
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Adapters;

/// <summary>A program of its own, in the operator's image: <c>adapter apiserver</c>.</summary>
/// <remarks>
/// <code>
///   1 each kind as the server serves it ─► 2 list: what is there already is no event
///   3 watch ─► 4 owner, filters ─► 5 queue, in order ─► 6 sink, tried again
///     ▲ │ 410, a server that restarts
///     └─┴─ list again: what differs from before is told, and nothing else
/// </code>
/// After its own restart it begins at 2, as Knative's does: what changed in between is not told.
/// </remarks>
public sealed partial class ApiServerAdapter
{
    private const int BadSettings = 2;
    private const int NotAllowed = 3;

    /// <summary>Changes that may wait for a slow sink; beyond it they are dropped, and that is logged.</summary>
    private const int MostWaiting = 10_000;

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private readonly AdapterOptions options;
    private readonly ClusterClient client;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CompiledFilter filter;
    private readonly Channel<ChangeEvent> queue = Channel.CreateBounded<ChangeEvent>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private readonly TaskCompletionSource watching = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ApiServerAdapter(
        AdapterOptions options, CompiledFilter filter, ClusterClient client, TimeProvider time, ILogger logger)
    {
        this.options = options;
        this.client = client;
        this.time = time;
        this.logger = logger;
        this.filter = filter;
    }

    /// <summary>Ends when every kind's first list is there: from then on each change is told.</summary>
    internal Task Watching => watching.Task;

    /// <summary>Runs until cancelled; the exit code is 2 for a wrong setting, 3 for a missing permission.</summary>
    public static async Task<int> RunAsync(
        Func<string, string?> setting, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var options = AdapterOptions.Read(setting, out var problem);
        var filters = options?.Filters is { } json ? FilterReader.Read(json) : null;
        var compilation = FilterCompiler.Compile(filters?.Filters ?? []);
        problem ??= filters is { IsValid: false } ? filters.Message : compilation.Error;
        if (options is null || problem is not null || compilation.Filter is not { } filter)
        {
            await Console.Error.WriteLineAsync(problem);
            return BadSettings;
        }

        using var client = ClusterClient.FromKubeconfig(setting("KUBECONFIG"), setting("KUBECONFIG_AS"));
        var adapter = new ApiServerAdapter(
            options, filter, client, TimeProvider.System, loggers.CreateLogger("Eventing.Adapter"));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var port = ReadyPort.ServeAsync(setting(ReadyPort.Setting), adapter.Watching, ended.Token);
        var code = await adapter.RunAsync(cancellationToken);
        await ended.CancelAsync();
        await port;
        return code;
    }

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // 1: kinds. 2 and 3 are the informers'.
            List<Informer> informers = [];
            foreach (var kind in options.Kinds)
            {
                var type = await DiscoverAsync(kind, cancellationToken);
                foreach (var scope in Scopes(type))
                {
                    if (options.FailsFast && await RefusalAsync(scope, cancellationToken) is { } refusal)
                    {
                        Log.NotAllowed(logger, type.Plural, refusal);
                        return NotAllowed;
                    }

                    var informer = new Informer(client, scope with { LabelSelector = kind.Selector }, time, logger);
                    informer.Changed += change => Tell(informer, kind, change);
                    informers.Add(informer);
                }
            }

            Task[] running =
            [
                .. informers.Select(informer => informer.RunAsync(stopping.Token)), SendAsync(stopping.Token),
            ];
            await Task.WhenAll(informers.Select(informer => informer.Synced)).WaitAsync(cancellationToken);
            watching.TrySetResult();
            Log.Watching(logger, options.Kinds.Count, options.Sink);
            await Task.WhenAll(running);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
        finally
        {
            await stopping.CancelAsync();
        }

        return 0;
    }

    private IEnumerable<ResourceType> Scopes(ResourceType type) => options.Namespaces.Count == 0 || !type.Namespaced
        ? [type]
        : options.Namespaces.Select(name => type with { OnlyNamespace = name });

    // A kind that is not served yet may come.
    private async Task<ResourceType> DiscoverAsync(WatchedKind kind, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await Discovery.FindAsync(client, kind.ApiVersion, kind.Kind, cancellationToken) is { } type)
                {
                    return type;
                }

                Log.NotServed(logger, kind.Kind, kind.ApiVersion);
            }
            catch (HttpRequestException error)
            {
                Log.Unreachable(logger, error.Message);
            }

            await Task.Delay(AskAgain, time, cancellationToken);
        }
    }

    private async Task<string?> RefusalAsync(ResourceType type, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"{type.Path(type.OnlyNamespace ?? "")}?limit=1", cancellationToken);
        return answer.Code == System.Net.HttpStatusCode.Forbidden ? answer.Message : null;
    }

    // 4 and 5. The first list is what was there before; it is in the store once the informer has synced.
    private void Tell(Informer informer, WatchedKind kind, ResourceChange change)
    {
        if (!informer.HasSynced)
        {
            return;
        }

        if (change is { Old: { } old, New: { } now } && old.Uid != now.Uid)
        {
            Tell("delete", old, informer.Type, kind);
            Tell("add", now, informer.Type, kind);
            return;
        }

        Tell(change.Old is null ? "add" : change.New is null ? "delete" : "update", change.Either, informer.Type, kind);
    }

    private void Tell(string change, Resource resource, ResourceType type, WatchedKind kind)
    {
        if (options.Owner is { } owner && !IsControlledBy(resource, owner.ApiVersion, owner.Kind))
        {
            return;
        }

        var told = ChangeEvent.Of(
            change, resource, type, kind.AsController, options, client.Host, time.GetUtcNow());
        if (told is not null && filter.Passes(told.ForFilters) && !queue.Writer.TryWrite(told))
        {
            Log.Full(logger, MostWaiting, told.Attributes["subject"]);
        }
    }

    private static bool IsControlledBy(Resource resource, string apiVersion, string kind) =>
        resource.Json.Items("metadata", "ownerReferences").Any(item =>
            item.At("controller")?.ToJsonString() == "true"
            && item.Text("apiVersion") == apiVersion && item.Text("kind") == kind);

    // 6: one at a time, so that a change never overtakes the one before it.
    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var sink = new SinkClient(options.Sink, options.CaCerts, time);
        await foreach (var told in queue.Reader.ReadAllAsync(cancellationToken))
        {
            if (await sink.SendAsync(told, cancellationToken) is { } problem)
            {
                Log.GaveUp(logger, told.Id, told.Type, options.Sink, problem);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Kinds} kinds for {Sink}")]
        public static partial void Watching(ILogger logger, int kinds, Uri sink);

        [LoggerMessage(Level = LogLevel.Warning,
            Message = "The API server does not serve {Kind} of {ApiVersion}; it is asked again")]
        public static partial void NotServed(ILogger logger, string kind, string apiVersion);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The API server cannot be asked: {Why}")]
        public static partial void Unreachable(ILogger logger, string why);

        [LoggerMessage(Level = LogLevel.Error, Message = "May not list {Plural}: {Why}")]
        public static partial void NotAllowed(ILogger logger, string plural, string why);

        [LoggerMessage(Level = LogLevel.Error, Message = "Event {Id} ({Type}) given up: {Sink}: {Problem}")]
        public static partial void GaveUp(ILogger logger, string id, string type, Uri sink, string problem);

        [LoggerMessage(
            Level = LogLevel.Error, Message = "{Most} events wait for the sink; dropped the one of {Subject}")]
        public static partial void Full(ILogger logger, int most, string subject);
    }
}
