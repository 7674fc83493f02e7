// What the routing table should say, and the generations in which it came to say so.
using System.Security.Cryptography;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Operator.Routing;

/// <summary>A change's place in the table: the generation that has it, and when it was asked for.</summary>
public readonly record struct RoutingMark(long Generation, DateTimeOffset At);

/// <summary>Reconcilers put and remove entries; the publisher takes snapshots.</summary>
/// <remarks>
/// <code>
///   Put/Drain/Remove ─► entry marked with the coming generation ─► Take: snapshot, the next generation begins
///   an equal Put changes nothing and answers with the generation that first had it
/// </code>
/// </remarks>
public sealed class RoutingState(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry<Ingress>> _ingresses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry<Egress>> _egresses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry<Schedule>> _schedules = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Pressure _pressure = new();
    private long _coming = 1;
    private RoutingMark _removed;
    private bool _dirty;
    private volatile bool _isRebuilt;

    /// <summary>
    /// Whether the table of before the restart is lost and its entries are being gathered anew: until the first
    /// publication, for to functions that read it a table without an egress would mean that it was deleted.
    /// </summary>
    public bool IsRebuilt => _isRebuilt;

    /// <summary>Begins with a table from before a restart: it stays in force until reconcilers say otherwise.</summary>
    /// <param name="isWhole">Whether its entries were kept too.</param>
    public void Load(RoutingTable table, bool isWhole = true)
    {
        lock (_gate)
        {
            _isRebuilt = !isWhole;
            var mark = new RoutingMark(table.Generation, time.GetUtcNow());
            _coming = table.Generation + 1;
            _removed = mark;
            _pressure = table.Pressure;
            foreach (var ingress in table.Ingresses)
            {
                _ingresses[ingress.Uid] = new Entry<Ingress>(ingress, ContentOf(ingress), mark);
            }

            foreach (var egress in table.Egresses)
            {
                _egresses[egress.Uid] = new Entry<Egress>(egress, ContentOf(egress), mark);
            }

            foreach (var schedule in table.Schedules)
            {
                _schedules[schedule.Uid] = new Entry<Schedule>(schedule, ContentOf(schedule), mark);
            }

            Touch();
        }
    }

    public RoutingMark Put(Ingress ingress)
    {
        lock (_gate)
        {
            return PutInto(_ingresses, ingress.Uid, ingress, ContentOf(ingress));
        }
    }

    public RoutingMark Put(Egress egress)
    {
        lock (_gate)
        {
            return PutInto(_egresses, egress.Uid, egress, ContentOf(egress));
        }
    }

    /// <summary>
    /// A cron source: its path and its schedule. A generation is in force since it was first put, also over restarts.
    /// </summary>
    public RoutingMark Put(Egress egress, Schedule schedule)
    {
        lock (_gate)
        {
            var since = _schedules.TryGetValue(schedule.Uid, out var present)
                && present.Value.Generation == schedule.Generation
                ? present.Value.Since
                : time.GetUtcNow();
            var inForce = schedule with { Since = since };
            var mark = PutInto(_schedules, inForce.Uid, inForce, ContentOf(inForce));
            var other = PutInto(_egresses, egress.Uid, egress, ContentOf(egress));
            return mark.Generation > other.Generation ? mark : other;
        }
    }

    /// <summary>The lanes that take no more.</summary>
    public Pressure Pressure
    {
        get
        {
            lock (_gate)
            {
                return _pressure;
            }
        }
    }

    /// <summary>The lanes that take no more from now on.</summary>
    public void Put(Pressure pressure)
    {
        lock (_gate)
        {
            _pressure = pressure;
            Touch();
        }
    }

    /// <summary>The shared lane of an egress; null when it is unknown or shares none.</summary>
    public string? LaneOf(string egressUid)
    {
        lock (_gate)
        {
            return _egresses.TryGetValue(egressUid, out var entry) && entry.Value.Dedicated is null
                ? entry.Value.Lane
                : null;
        }
    }

    /// <summary>The mark of an active egress, or null when there is none.</summary>
    public RoutingMark? MarkOf(string egressUid)
    {
        lock (_gate)
        {
            return _egresses.TryGetValue(egressUid, out var entry) && entry.Value.State == EgressState.Active
                ? entry.Mark
                : null;
        }
    }

    /// <summary>An egress as it is in the table, or null.</summary>
    public Egress? FindEgress(string uid)
    {
        lock (_gate)
        {
            return _egresses.GetValueOrDefault(uid)?.Value;
        }
    }

    /// <summary>An ingress as it is in the table, or null.</summary>
    public Ingress? FindIngress(string uid)
    {
        lock (_gate)
        {
            return _ingresses.GetValueOrDefault(uid)?.Value;
        }
    }

    /// <summary>The active egresses that a dispatch group serves.</summary>
    public IReadOnlyList<Egress> EgressesOf(string group) => EgressesWhere(
        egress => egress.State == EgressState.Active && egress.Dedicated?.Group == group);

    /// <summary>Egresses, in a stable order.</summary>
    public IReadOnlyList<Egress> EgressesWhere(Func<Egress, bool> which)
    {
        lock (_gate)
        {
            return
            [
                .. _egresses.Values.Select(entry => entry.Value).Where(which)
                    .OrderBy(egress => egress.Name, Ordinal).ThenBy(egress => egress.Uid, Ordinal),
            ];
        }
    }

    public bool HasIngress(string uid)
    {
        lock (_gate)
        {
            return _ingresses.ContainsKey(uid);
        }
    }

    /// <summary>
    /// Takes out the ingresses of an object, or all that feed a topic; answers with the generation without them.
    /// </summary>
    public RoutingMark Remove(Func<Ingress, bool> which)
    {
        lock (_gate)
        {
            foreach (var uid in _ingresses.Values.Where(entry => which(entry.Value)).Select(e => e.Value.Uid).ToList())
            {
                _ingresses.Remove(uid);
                _removed = Mark();
            }

            return _removed;
        }
    }

    /// <summary>Marks egresses as draining: what is queued for them is completed without delivery.</summary>
    public void Drain(Func<Egress, bool> which)
    {
        lock (_gate)
        {
            foreach (var entry in _egresses.Values.Where(entry => which(entry.Value)).ToList())
            {
                if (entry.Value.State != EgressState.Draining)
                {
                    var draining = entry.Value with { State = EgressState.Draining };
                    PutInto(_egresses, draining.Uid, draining, ContentOf(draining));
                    _schedules.Remove(draining.Uid);
                }
            }
        }
    }

    /// <summary>Takes an egress out at once: nothing is queued for it any more.</summary>
    public void RemoveEgress(string uid)
    {
        lock (_gate)
        {
            if (_egresses.Remove(uid))
            {
                _removed = Mark();
            }
        }
    }

    /// <summary>Takes out egresses that have been draining for <paramref name="period"/>.</summary>
    public void RemoveDrained(TimeSpan period)
    {
        lock (_gate)
        {
            var before = time.GetUtcNow() - period;
            foreach (var entry in _egresses.Values
                .Where(entry => entry.Value.State == EgressState.Draining && entry.Mark.At <= before).ToList())
            {
                _egresses.Remove(entry.Value.Uid);
                _removed = Mark();
            }
        }
    }

    /// <summary>The objects the table has entries of: kind, namespace and name.</summary>
    public IReadOnlyList<(string Kind, string Namespace, string Name, string Uid)> Objects()
    {
        lock (_gate)
        {
            return
            [
                .. _ingresses.Values.Select(e =>
                    (e.Value.Kind.ToString(), e.Value.Namespace, e.Value.Name, e.Value.Uid)),
                .. _egresses.Values.Select(e =>
                    (e.Value.Kind.ToString(), e.Value.Namespace, e.Value.Name, e.Value.Uid)),
            ];
        }
    }

    /// <summary>Ends when there is something to publish.</summary>
    public Task WhenChanged()
    {
        lock (_gate)
        {
            return _dirty ? Task.CompletedTask : _changed.Task;
        }
    }

    /// <summary>The table as it should be now; later changes belong to the next generation.</summary>
    public RoutingSnapshot Take() => RoutingSnapshot.Of(TakeTable());

    private RoutingTable TakeTable()
    {
        lock (_gate)
        {
            var generation = _coming++;
            _dirty = false;
            _isRebuilt = false;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new RoutingTable
            {
                Generation = generation,
                Ingresses = [.. _ingresses.Values.Select(entry => entry.Value).OrderBy(i => i.Path, Ordinal)],
                Egresses = [.. _egresses.Values.Select(entry => entry.Value)
                    .OrderBy(e => e.Namespace, Ordinal).ThenBy(e => e.Name, Ordinal).ThenBy(e => e.Uid, Ordinal)],
                Schedules = [.. _schedules.Values.Select(entry => entry.Value).OrderBy(s => s.Uid, Ordinal)],
                Pressure = _pressure,
            };
        }
    }

    /// <summary>A snapshot could not be published: there is still something to publish.</summary>
    public void PutBack()
    {
        lock (_gate)
        {
            Touch();
        }
    }

    private static StringComparer Ordinal => StringComparer.Ordinal;

    private RoutingMark PutInto<T>(Dictionary<string, Entry<T>> into, string uid, T value, string content)
    {
        if (into.TryGetValue(uid, out var present) && present.Content == content)
        {
            return present.Mark;
        }

        var mark = Mark();
        into[uid] = new Entry<T>(value, content, mark);
        return mark;
    }

    private RoutingMark Mark()
    {
        Touch();
        return new RoutingMark(_coming, time.GetUtcNow());
    }

    private void Touch()
    {
        _dirty = true;
        _changed.TrySetResult();
    }

    // Records with lists compare by reference; their JSON compares by content, and its hash is a tenth of it.
    private static string ContentOf(Ingress ingress) => Hash(new RoutingTable { Ingresses = [ingress] });

    private static string ContentOf(Egress egress) => Hash(new RoutingTable { Egresses = [egress] });

    private static string ContentOf(Schedule schedule) => Hash(new RoutingTable { Schedules = [schedule] });

    private static string Hash(RoutingTable table) =>
        Convert.ToBase64String(SHA256.HashData(RoutingTableJson.Serialize(table)));

    private sealed record Entry<T>(T Value, string Content, RoutingMark Mark);
}
