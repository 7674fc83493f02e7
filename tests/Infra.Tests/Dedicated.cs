// The deployment of a dedicated Trigger, as the operator makes it.
using ServerlessEventing.Operator.Dispatching;

namespace ServerlessEventing.Infra.Tests;

internal static class Dedicated
{
    /// <summary>By workload identity where a host is given, else by a connection string in a Secret.</summary>
    public static (Dispatcher Dispatcher, DispatchOptions Options) Of(string? identityHost) => (
        new Dispatcher
        {
            Namespace = "default",
            Name = "t-trigger-filter",
            Broker = "default",
            Role = DispatchNames.Filter,
            Channel = "default-kn-trigger-kn-channel.default.svc.cluster.local",
            Filter = "default-broker-filter.default.svc.cluster.local",
        },
        new DispatchOptions
        {
            Image = "serverless-eventing/functions:1",
            Secret = "serverless-eventing",
            IdentityHost = identityHost,
            RoutingTable = new("http://eventing-operator/routing"),
            TokenSecret = "serverless-eventing",
            SystemNamespace = "serverless-eventing",
        });
}
