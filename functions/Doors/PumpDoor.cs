// The door without a Functions host: our own port for HTTP; messages come by the pumps.
using ServerlessEventing.Functions.Ingress;

namespace ServerlessEventing.Functions.Doors;

/// <summary>Nobody stands in front, so no forwarding header counts.</summary>
internal sealed class PumpDoor(
    EventIngress ingress, TriggerAddress triggers, Health health, FunctionsSettings settings)
{
    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value is { Length: > 0 } given ? given : "/";
        return Health.IsAsked(path) ? health.AnswerAsync(context)
            : FunctionPaths.IsOne(path) ? FunctionPaths.RefuseAsync(context)
            : TriggerAddress.IsAsked(path) ? triggers.HandleAsync(context)
            : !settings.Functions.Has(LaneFunction.HttpFunction) ? FunctionPaths.RefuseAsync(context)
            : ingress.HandleAsync(context, context.Request.Host.Value ?? "");
    }
}
