// The broker's parts put together: opened from a data folder, recovered, running.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// <code>
///   Publisher ─┐                     ┌─► SqliteStore (disk)
///   Settler  ──┼─► Router ─► Journal ┤
///   Sweeper  ──┘                     └─► Mailbox ─► DeliveryPump ─► Receiver
/// </code>
/// Knows neither AMQP connections nor HTTP.
/// </summary>
internal sealed class Broker : IDisposable
{
    private const long BodyCacheBytes = 8 * 1024 * 1024;
    private readonly DataFolderLock _lock;
    private readonly SqliteStore _store;
    private readonly Sweeper _sweeper;
    private readonly Parking _parking;

    private Broker(DataFolderLock folderLock, SqliteStore store, string file, BrokerOptions options)
    {
        var (loggers, time) = (options.LoggerFactory, options.TimeProvider);
        _lock = folderLock;
        Quirks = options.Quirks is { } quirks ? new Quirks(quirks, Counters) : null;
        _store = store;
        Time = time;
        Bodies = new BodyReader(file, BodyCacheBytes);
        SessionStates = new SessionStates(file);
        Router = new Router(Topology, time, Counters);
        _parking = new Parking(loggers.CreateLogger<Parking>(), Counters);
        var leftovers = Recovery.Load(store, Topology, Connect);
        Journal = new Journal(store, loggers.CreateLogger<Journal>());
        Publisher = new Publisher(Router, Journal, Bodies, Counters, Quirks, loggers.CreateLogger<Publisher>());
        Settler = new Settler(Router, Journal, Bodies, Counters, _parking);
        Administration = new Administration(Topology, Journal, time, Quirks, Connect, leftovers.Select(EntityNode.IdOf).DefaultIfEmpty().Max());
        foreach (var mailbox in leftovers)
        {
            Leftovers.Delete(Journal, mailbox);
        }

        var idle = new IdleReaper(Topology, Administration, loggers.CreateLogger<IdleReaper>());
        _sweeper = new Sweeper(Topology, Settler, Journal, idle, time, loggers.CreateLogger<Sweeper>());
    }

    public TimeProvider Time { get; }

    /// <summary>Null: as little surprising as can be.</summary>
    public Quirks? Quirks { get; }

    public Topology Topology { get; } = new();

    public BrokerCounters Counters { get; } = new();

    public Journal Journal { get; }

    public BodyReader Bodies { get; }

    public SessionStates SessionStates { get; }

    public Router Router { get; }

    public Publisher Publisher { get; }

    public Settler Settler { get; }

    public Administration Administration { get; }

    /// <summary>Throws <see cref="StoreUnusableException"/> where the folder is in use or cannot be read.</summary>
    public static Broker Open(string folder, BrokerOptions options)
    {
        var folderLock = DataFolderLock.Acquire(folder);
        try
        {
            var file = Path.Combine(folder, "servicebus.db");
            return new Broker(folderLock, SqliteStore.Open(file, options.SkipFlush), file, options);
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _sweeper.Dispose();
        Administration.Dispose();
        Journal.Dispose();
        Bodies.Dispose();
        SessionStates.Dispose();
        _store.Dispose();
        _lock.Dispose();
    }

    /// <summary>Gives both mailboxes of a new entity their pumps.</summary>
    private void Connect(EntityNode node)
    {
        foreach (var mailbox in (Mailbox[])[node.Messages, node.DeadLetters])
        {
            mailbox.Quirks = Quirks;
            _ = new DeliveryPump(
                mailbox, Bodies, Time, Counters, _parking,
                (from, entry) => Settler.Expired(from, entry),
                (delivery, done) => Settler.Remove(delivery.Mailbox, delivery.Entry, done));
        }
    }
}
