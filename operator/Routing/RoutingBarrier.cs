// Knows which generation each running instance of the functions has loaded, and wakes who waits for one.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Routing;

/// <summary>How far a generation has come.</summary>
public enum RoutingReach
{
    /// <summary>Not published yet.</summary>
    Pending,

    /// <summary>Published; at least one live instance still has an older table.</summary>
    Published,

    /// <summary>Every live instance has it. With no instance at all: published.</summary>
    Loaded,
}

/// <summary>
/// An instance that polls with <c>If-None-Match: "41"</c> has loaded 41. It is live while a poll of it is open and for
/// a while after; one that has loaded nothing yet serves nothing yet and does not count. Who asks for a generation that
/// is not loaded everywhere is woken when it is.
/// </summary>
public sealed class RoutingBarrier(TimeProvider time)
{
    private const int MaxInstances = 1000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Instance> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectRef, long> _waiting = [];
    private long _published;

    /// <summary>Told which objects may go on.</summary>
    public event Action<ObjectRef>? Wake;

    /// <summary>Live instances and the generation each has loaded.</summary>
    public IReadOnlyDictionary<string, long> Loaded
    {
        get
        {
            lock (_gate)
            {
                return Live().ToDictionary(pair => pair.Key, pair => pair.Value.Loaded);
            }
        }
    }

    /// <summary>How far a generation has come; unless loaded, <paramref name="who"/> is woken as it goes on.</summary>
    public RoutingReach Reach(long generation, ObjectRef who)
    {
        lock (_gate)
        {
            var reach = Reach(generation);
            if (reach == RoutingReach.Loaded)
            {
                _waiting.Remove(who);
            }
            else
            {
                _waiting[who] = generation;
            }

            return reach;
        }
    }

    public void Published(long generation)
    {
        lock (_gate)
        {
            _published = Math.Max(_published, generation);
        }

        WakeAll(all: true);
    }

    /// <summary>A poll of an instance begins.</summary>
    public void PollBegins(string instance, long loaded)
    {
        lock (_gate)
        {
            if (!_instances.TryGetValue(instance, out var known))
            {
                if (_instances.Count >= MaxInstances)
                {
                    return;
                }

                _instances[instance] = known = new Instance();
            }

            known.Polls++;
            known.Loaded = loaded;
            known.Seen = time.GetUtcNow();
        }

        WakeAll(all: false);
    }

    /// <summary>A poll of an instance ends.</summary>
    public void PollEnds(string instance)
    {
        lock (_gate)
        {
            if (_instances.TryGetValue(instance, out var known))
            {
                known.Polls--;
                known.Seen = time.GetUtcNow();
            }
        }
    }

    // all: everyone whose generation has been published may go a step further, not only those loaded everywhere.
    private void WakeAll(bool all)
    {
        List<ObjectRef> woken = [];
        lock (_gate)
        {
            foreach (var (who, generation) in _waiting.ToList())
            {
                var reach = Reach(generation);
                if (reach == RoutingReach.Loaded || (all && reach == RoutingReach.Published))
                {
                    woken.Add(who);
                    if (reach == RoutingReach.Loaded)
                    {
                        _waiting.Remove(who);
                    }
                }
            }
        }

        foreach (var who in woken)
        {
            Wake?.Invoke(who);
        }
    }

    private RoutingReach Reach(long generation) =>
        generation > _published ? RoutingReach.Pending
        : Live().All(pair => pair.Value.Loaded == 0 || pair.Value.Loaded >= generation) ? RoutingReach.Loaded
        : RoutingReach.Published;

    private List<KeyValuePair<string, Instance>> Live()
    {
        var now = time.GetUtcNow();
        foreach (var (name, instance) in _instances.ToList())
        {
            if (instance.Polls <= 0 && now - instance.Seen > Grace)
            {
                _instances.Remove(name);
            }
        }

        return [.. _instances];
    }

    private sealed class Instance
    {
        public int Polls { get; set; }

        public long Loaded { get; set; }

        public DateTimeOffset Seen { get; set; }
    }
}
