// Names of the deployments that dispatch, as in Knative v0.7.
namespace ServerlessEventing.Operator.Dispatching;

/// <summary>Deployments, and the Services in front of them.</summary>
public static class DispatchNames
{
    public const string Filter = "filter";
    public const string Ingress = "ingress";

    /// <summary>Deployment and Service that dispatch a Broker's Triggers.</summary>
    public static string OfBroker(string broker) => $"{broker}-broker-filter";

    /// <summary>Deployment that takes a Broker's events in.</summary>
    public static string IngressOf(string broker) => $"{broker}-broker-ingress";

    /// <summary>Deployment that dispatches one Trigger.</summary>
    public static string OfTrigger(string trigger) => $"{trigger}-trigger-filter";

    /// <summary>The egress under which a path that is not used any more is emptied.</summary>
    public static string OldEgress(string uid) => uid + "-old";
}
