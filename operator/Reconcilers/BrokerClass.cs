// Whose Broker is it: ours, or another implementation's in the same cluster.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>The class annotation, and what a Broker without one counts as.</summary>
public sealed class BrokerClass(string defaultClass)
{
    public const string Annotation = "eventing.knative.dev/broker.class";
    public const string Ours = "AzureServiceBus";

    public bool IsOurs(Resource broker) => (broker.Annotation(Annotation) ?? defaultClass) == Ours;
}
