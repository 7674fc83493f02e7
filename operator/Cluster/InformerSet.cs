// All informers: those of known kinds from the start, those of other kinds when something refers to them.
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>One informer per kind, whatever the version; kinds met on the way are discovered and watched too.</summary>
public sealed partial class InformerSet(ClusterClient client, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int MaxDiscovered = 50;
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<GroupKind, Informer> _informers = new();
    private readonly ConcurrentDictionary<GroupKind, bool> _asked = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Every change of every kind.</summary>
    public event Action<ResourceChange>? Changed;

    public Informer this[ResourceType type] => _informers[type.GroupKind];

    public IEnumerable<Informer> All => _informers.Values;

    public bool HaveSynced => _informers.Values.All(informer => informer.HasSynced);

    /// <summary>Whether a kind was met on the way.</summary>
    public bool HaveDiscovered { get; private set; }

    /// <summary>Whether every kind met so far was asked for, and where served, listed.</summary>
    public bool AreSettled => _asked.IsEmpty && HaveSynced;

    /// <summary>Starts the known kinds and returns when each has its first list.</summary>
    public async Task StartAsync(IEnumerable<ResourceType> types, CancellationToken cancellationToken)
    {
        // All are there before the first runs: what hears of its objects looks into the others.
        var added = types.Select(Add).ToList();
        foreach (var (informer, isNew) in added)
        {
            if (isNew)
            {
                Keep(RunAsync(informer));
            }
        }

        await Task.WhenAll(added.Select(one => one.Informer.Synced)).WaitAsync(cancellationToken);
    }

    /// <summary>Ends every watch.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running);
        _stopping.Dispose();
    }

    /// <summary>
    /// The informer of a kind, or null while nobody knows it. The first question starts a discovery; when that finds
    /// the kind, its objects are told through <see cref="Changed"/>.
    /// </summary>
    public Informer? Find(string apiVersion, string kind)
    {
        var wanted = GroupKind.Of(apiVersion, kind);
        if (_informers.TryGetValue(wanted, out var informer))
        {
            return informer;
        }

        if (_asked.TryAdd(wanted, true))
        {
            HaveDiscovered = true;
            Keep(DiscoverAsync(apiVersion, kind, wanted));
        }

        return null;
    }

    private (Informer Informer, bool IsNew) Add(ResourceType type)
    {
        var informer = new Informer(client, type, time, logger);
        informer.Changed += change => Changed?.Invoke(change);
        var there = _informers.GetOrAdd(type.GroupKind, informer);
        return (there, there == informer);
    }

    // A fault in what hears of a change must not leave a kind unwatched: it is told, and the informer lists again.
    private async Task RunAsync(Informer informer)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await informer.RunAsync(_stopping.Token);
            }
            catch (Exception fault) when (!_stopping.IsCancellationRequested)
            {
                Log.Fault(logger, fault, informer.Type.Plural);
                await Task.WhenAny(Task.Delay(AfterFault, time, _stopping.Token));
            }
        }
    }

    // Discoveries come and go for as long as something refers to a kind that is not there.
    private void Keep(Task task)
    {
        lock (_gate)
        {
            _running.RemoveAll(running => running.IsCompleted);
            _running.Add(task);
        }
    }

    private async Task DiscoverAsync(string apiVersion, string kind, GroupKind wanted)
    {
        try
        {
            await Task.Yield();
            if (await Discovery.FindAsync(client, apiVersion, kind, _stopping.Token) is { } found
                && _informers.Count < MaxDiscovered)
            {
                var (informer, isNew) = Add(found);
                if (isNew)
                {
                    Keep(RunAsync(informer));
                }

                Log.Discovered(logger, kind, apiVersion);
            }
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            Log.NotDiscovered(logger, kind, apiVersion, error.Message);
        }
        finally
        {
            // Not there (yet): the next reconcile that refers to it asks again.
            _asked.TryRemove(wanted, out _);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information,
            Message = "Watching {Kind} of {ApiVersion}: something refers to it")]
        public static partial void Discovered(ILogger logger, string kind, string apiVersion);

        [LoggerMessage(Level = LogLevel.Error, Message = "The watch of {Plural} met a fault; listing again")]
        public static partial void Fault(ILogger logger, Exception fault, string plural);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot ask for {Kind} of {ApiVersion}: {Reason}")]
        public static partial void NotDiscovered(ILogger logger, string kind, string apiVersion, string reason);
    }
}
