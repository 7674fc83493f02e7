// Where a source sends to: resolved, marked and shown in its status, the same way for every kind of source.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

internal static class SourceSinks
{
    /// <summary>Tries of a source whose user cannot say otherwise, as in Knative's adapters.</summary>
    public static readonly Delivery Delivery = new()
    {
        Retry = 5,
        BackoffPolicy = BackoffPolicy.Exponential,
        BackoffDelay = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>The sink; null when <c>SinkProvided</c> says why there is none.</summary>
    public static Destination? Resolve(Reconcile work, ReconcilerParts parts)
    {
        var sink = parts.Resolver.Resolve(
            work.Object.Spec.At("sink"), "spec.sink", work.Object.Namespace, work.RefersTo);
        if (sink.Destination is not { } found)
        {
            work.Conditions.MarkFalse("SinkProvided", sink.Reason, sink.Message);
            return null;
        }

        work.Conditions.MarkTrue("SinkProvided");
        work.Status["sinkUri"] = found.Uri;
        if (found.CaCerts is not null)
        {
            work.Status["sinkCACerts"] = found.CaCerts;
        }

        if (found.Audience is not null)
        {
            work.Status["sinkAudience"] = found.Audience;
        }

        return found;
    }
}
