// Addresses of Brokers, Channels and Triggers: the operator writes them, the functions recognise them.
namespace ServerlessEventing.Contract.Names;

/// <summary>Host names and paths that users see. Hosts are without cluster domain: <c>name.ns.svc</c>.</summary>
public static class Addresses
{
    /// <summary>Service and namespace through which every Broker and Channel is reached by path.</summary>
    public const string IngressHost = "broker-ingress.serverless-eventing.svc";

    /// <summary>Domain Kubernetes adds to <c>.svc</c> names unless told otherwise.</summary>
    public const string DefaultClusterDomain = "cluster.local";

    /// <summary>Path of a Broker: <c>/ns/broker</c>.</summary>
    public static string BrokerPath(string @namespace, string broker) => $"/{@namespace}/{broker}";

    /// <summary>Path of a Channel: <c>/channels/ns/channel</c>.</summary>
    public static string ChannelPath(string @namespace, string channel) => $"/channels/{@namespace}/{channel}";

    /// <summary>v0.7's host name of a Broker.</summary>
    public static string BrokerHost(string @namespace, string broker) => $"{broker}-broker.{@namespace}.svc";

    /// <summary>Host name of a Channel.</summary>
    public static string ChannelHost(string @namespace, string channel) => $"{channel}-kn-channel.{@namespace}.svc";

    /// <summary>A Trigger's own path: <c>/triggers/ns/name/uid</c>.</summary>
    public static string TriggerPath(string @namespace, string trigger, string uid) =>
        $"/triggers/{@namespace}/{trigger}/{uid}";

    /// <summary>
    /// The form hosts have in the routing table: lower case, no port, no cluster domain. A host that is not a
    /// <c>.svc</c> name comes back lower-cased and without port.
    /// </summary>
    public static string NormalizeHost(string host)
    {
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && !host.AsSpan(colon).Contains(']'))
        {
            host = host[..colon];
        }

        host = host.TrimEnd('.').ToLowerInvariant();
        var svc = host.IndexOf(".svc.", StringComparison.Ordinal);
        return svc < 0 ? host : host[..(svc + 4)];
    }
}
