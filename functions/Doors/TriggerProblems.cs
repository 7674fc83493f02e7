// Every reason a Trigger's own address does not take an event, in one place.
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Ingress;

namespace ServerlessEventing.Functions.Doors;

internal static class TriggerProblems
{
    public static readonly Problem OnlyPost = new(
        StatusCodes.Status405MethodNotAllowed, "Method not allowed", "A Trigger's address takes events with POST.");

    public static readonly Problem OtherUid = new(
        StatusCodes.Status400BadRequest,
        "Another Trigger has this name now",
        "The uid in the path is not the Trigger's; it was deleted and made again. See kubectl get trigger -o yaml.");

    public static readonly Problem OneEventOnly = new(
        StatusCodes.Status400BadRequest,
        "A Trigger's address takes one event",
        "A batch has no single answer; send each event by itself, or the batch to the Broker.");

    public static readonly Problem NoTtl = new(
        StatusCodes.Status400BadRequest,
        "The event did not come through a Broker",
        $"It has no {AttributeName.BrokerTtl}; send it to the Broker, or add the attribute.")
    {
        Attribute = AttributeName.BrokerTtl.Text,
    };

    public static readonly Problem NoSubscriber = new(
        StatusCodes.Status404NotFound,
        "The Trigger has no subscriber",
        "Its subscriber is not resolved; its conditions say why.");

    public static Problem Unknown(string @namespace, string name) => new(
        StatusCodes.Status404NotFound,
        "No such Trigger",
        $"There is no Trigger {AttributeRules.Shown(@namespace)}/{AttributeRules.Shown(name)}; is it Ready?");

    public static Problem BadFilter(string error) => new(
        StatusCodes.Status500InternalServerError, "The Trigger's filter cannot be used", error);
}
