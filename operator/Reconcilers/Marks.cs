// How outcomes become conditions, the same way for every kind.
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>Turns outcomes into marks on conditions.</summary>
internal static class Marks
{
    /// <summary>A condition beside Ready: what is in force stays so while the bus cannot be asked.</summary>
    public const string BusReachable = "ServiceBusReachable";

    /// <summary>
    /// Marks what the bus said about an entity. A bus that does not answer makes a condition Unknown
    /// only where the entity was not already seen to be right.
    /// </summary>
    public static ReconcileResult Bus(Reconcile work, string type, BusOutcome outcome, bool isInForce)
    {
        var conditions = work.Conditions;
        if (outcome.IsRepair)
        {
            work.Announce("DriftRepaired", outcome.Message);
        }

        if (outcome.IsDone)
        {
            conditions.MarkTrue(type);
            if (conditions[BusReachable] is { Status: ConditionStatus.False })
            {
                conditions.MarkTrue(BusReachable);
            }

            return ReconcileResult.Done;
        }

        if (outcome.Result == BusResult.Unreachable)
        {
            conditions.MarkFalse(BusReachable, outcome.Reason, outcome.Message);
            if (isInForce)
            {
                conditions.MarkTrue(type);
            }
            else
            {
                conditions.MarkUnknown(type, outcome.Reason, outcome.Message);
            }
        }
        else if (outcome.Result == BusResult.Waiting)
        {
            conditions.MarkUnknown(type, outcome.Reason, outcome.Message);
        }
        else
        {
            conditions.MarkFalse(type, outcome.Reason, outcome.Message);
        }

        return ReconcileResult.Again(outcome.RetryAfter);
    }

    /// <summary>
    /// Copies an object's Ready into a condition of another. Its generation is not looked at: a Channel's rises with
    /// each subscriber it shows, and that must not make everything around it flap.
    /// </summary>
    public static void Mirror(Conditions conditions, string type, Resource of, string what)
    {
        var ready = of.Condition(ConditionSet.Ready);
        if (ready.Text("status") == "True")
        {
            conditions.MarkTrue(type);
        }
        else if (ready.Text("status") == "False")
        {
            conditions.MarkFalse(type, ready.NonEmpty("reason") ?? "NotReady",
                ready.NonEmpty("message") ?? $"{what} {of.Key} is not ready");
        }
        else
        {
            conditions.MarkUnknown(type, ready.NonEmpty("reason") ?? "NotReady",
                ready.NonEmpty("message") ?? $"{what} {of.Key} is not ready yet");
        }
    }

    /// <summary>Resolves a dead-letter sink and marks the condition; the resolution when there is one.</summary>
    public static Contract.Routing.Destination? DeadLetterSink(
        Reconcile work, DestinationResolver resolver, DeliverySpec delivery)
    {
        const string type = "DeadLetterSinkResolved";
        if (delivery.DeadLetterSink is null)
        {
            work.Conditions.MarkTrue(type, "DeadLetterSinkNotConfigured", "No dead letter sink is configured.");
            return null;
        }

        var sink = resolver.Resolve(
            delivery.DeadLetterSink, "delivery.deadLetterSink", work.Object.Namespace, work.RefersTo);
        if (sink.Destination is not { } found)
        {
            work.Conditions.MarkFalse(type, sink.Reason, sink.Message);
            return null;
        }

        work.Conditions.MarkTrue(type);
        work.Status["deadLetterSinkUri"] = found.Uri;
        if (found.CaCerts is not null)
        {
            work.Status["deadLetterSinkCACerts"] = found.CaCerts;
        }

        if (found.Audience is not null)
        {
            work.Status["deadLetterSinkAudience"] = found.Audience;
        }

        return found;
    }
}
