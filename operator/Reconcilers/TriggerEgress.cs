// The path of a Trigger's events: what of its spec resolves, and what does not.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>Resolves a Trigger into an egress; the conditions say what keeps it from that.</summary>
internal sealed class TriggerEgress(ReconcilerParts parts)
{
    /// <summary>The egress, or null when something it needs is missing or wrong.</summary>
    public Egress? Resolve(Reconcile work, Resource? broker, string brokerName, Dispatch dispatch)
    {
        var trigger = work.Object;
        var conditions = work.Conditions;
        var filters = FilterReader.Read(trigger.Spec);
        var own = DeliverySpec.Read(trigger.Spec.At("delivery"), out var problem);
        var inherited = broker is null ? null
            : DeliverySpec.Read(broker.Spec.At("delivery"), out _) ?? DeliverySpec.BrokerDefault;
        var delivery = DeliverySpec.Inherit(own, inherited);
        var sink = Marks.DeadLetterSink(work, parts.Resolver, delivery);
        var subscriber = Subscriber(work);
        var parallelism = Parallelism.Of(trigger);
        if (!filters.IsValid)
        {
            conditions.MarkFalse("SubscriptionReady", filters.Reason!, filters.Message!);
        }
        else if (problem is not null)
        {
            conditions.MarkFalse("SubscriptionReady", "DeliveryInvalid", problem);
        }
        else if ((dispatch.Problem ?? parallelism.Problem) is { } wrong)
        {
            conditions.MarkFalse("SubscriptionReady", "DispatchInvalid", wrong);
        }
        else if (broker is null)
        {
            conditions.MarkUnknown("SubscriptionReady", "BrokerDoesNotExist", "Waiting for the Broker");
        }
        else if (subscriber is null || (delivery.DeadLetterSink is not null && sink is null))
        {
            conditions.MarkUnknown("SubscriptionReady", "NotResolved", "Waiting for its references to resolve");
        }
        else
        {
            return new Egress
            {
                Uid = trigger.Uid,
                Kind = EgressKind.Trigger,
                Namespace = trigger.Namespace,
                Name = trigger.Name,
                Origin = brokerName,
                Lane = dispatch.LaneOf(trigger),
                Dedicated = dispatch.Of(
                    trigger, brokerName, BrokerNames.TriggerTopic(trigger.Namespace, brokerName)),
                Parallelism = parallelism.Most,
                Destination = subscriber,
                Filters = filters.Filters,
                Reply = new Destination
                {
                    Uri = BrokerReconciler.Address(parts, trigger.Namespace, brokerName),
                    Topic = BrokerNames.IngressTopic(trigger.Namespace, brokerName),
                },
                DeadLetterSink = sink,
                Delivery = delivery.Resolved,
            };
        }

        return null;
    }

    private Destination? Subscriber(Reconcile work)
    {
        var resolution = parts.Resolver.Resolve(
            work.Object.Spec.At("subscriber"), "spec.subscriber", work.Object.Namespace, work.RefersTo);
        if (resolution.Destination is not { } found)
        {
            work.Conditions.MarkFalse("SubscriberResolved", resolution.Reason, resolution.Message);
            return null;
        }

        work.Conditions.MarkTrue("SubscriberResolved");
        Show(work.Status, found);
        return found;
    }

    private static void Show(JsonObject status, Destination subscriber)
    {
        status["subscriberUri"] = subscriber.Uri;
        // v0.7's spelling, which its printer column reads.
        status["subscriberURI"] = subscriber.Uri;
        if (subscriber.CaCerts is not null)
        {
            status["subscriberCACerts"] = subscriber.CaCerts;
        }

        if (subscriber.Audience is not null)
        {
            status["subscriberAudience"] = subscriber.Audience;
        }
    }
}
