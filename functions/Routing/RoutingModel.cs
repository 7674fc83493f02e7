// The routing table compiled for look-ups; never changed once made.
using System.Collections.Frozen;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Routing;

internal sealed class RoutingModel
{
    private readonly FrozenDictionary<string, IngressRoute> byPath;
    private readonly FrozenDictionary<string, IngressRoute> byHost;
    private readonly FrozenDictionary<string, IngressRoute> byTopic;
    private readonly FrozenDictionary<string, EgressRoute> egresses;
    private readonly FrozenDictionary<(string Namespace, string Name), EgressRoute> triggers;
    private readonly FrozenDictionary<string, Schedule> schedules;

    public RoutingModel(RoutingTable table)
    {
        Generation = table.Generation;
        RetryAfterSeconds = Math.Clamp(table.Pressure.RetryAfterSeconds, 1, 3600);
        var pressed = table.Pressure.Lanes.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var routes = table.Ingresses.Select(i => new IngressRoute(i, i.Lanes.Any(pressed.Contains))).ToArray();

        // A name given twice is the operator's fault; the first one stands, and the rest of the table still works.
        byPath = routes.DistinctBy(r => r.Ingress.Path).ToFrozenDictionary(r => r.Ingress.Path);
        byHost = routes
            .SelectMany(r => r.Ingress.Hosts, (r, host) => (Host: Addresses.NormalizeHost(host), Route: r))
            .DistinctBy(pair => pair.Host)
            .ToFrozenDictionary(pair => pair.Host, pair => pair.Route);
        byTopic = routes.DistinctBy(r => r.Ingress.Topic).ToFrozenDictionary(r => r.Ingress.Topic);
        egresses = table.Egresses
            .DistinctBy(e => e.Uid)
            .ToFrozenDictionary(e => e.Uid, e => new EgressRoute(e));
        triggers = egresses.Values
            .Where(r => r.Egress is { Kind: EgressKind.Trigger, State: EgressState.Active })
            .DistinctBy(r => (r.Egress.Namespace, r.Egress.Name))
            .ToFrozenDictionary(r => (r.Egress.Namespace, r.Egress.Name));
        schedules = table.Schedules.DistinctBy(s => s.Uid).ToFrozenDictionary(s => s.Uid);
    }

    public long Generation { get; }

    /// <summary>Seconds a producer is told to wait when a lane is under pressure.</summary>
    public int RetryAfterSeconds { get; }

    public IEnumerable<EgressRoute> Egresses => egresses.Values;

    public IEnumerable<Schedule> Schedules => schedules.Values;

    /// <summary>The ingress at a path without trailing slash.</summary>
    public IngressRoute? IngressAt(string path) => byPath.GetValueOrDefault(path);

    /// <summary>The ingress whose root a host name is, with or without port and cluster domain.</summary>
    public IngressRoute? IngressOf(string host) => byHost.GetValueOrDefault(Addresses.NormalizeHost(host));

    /// <summary>The ingress that publishes to a topic.</summary>
    public IngressRoute? IngressBehind(string topic) => byTopic.GetValueOrDefault(topic);

    /// <summary>The schedule of a cron source.</summary>
    public Schedule? Schedule(string uid) => schedules.GetValueOrDefault(uid);

    public EgressRoute? Egress(string uid) => egresses.GetValueOrDefault(uid);

    /// <summary>A Trigger by its name; null when it is deleted, though messages may still be queued for it.</summary>
    public EgressRoute? TriggerNamed(string @namespace, string name) => triggers.GetValueOrDefault((@namespace, name));
}
