// Whether a tick still counts when it comes to be delivered: its source may have been edited since it was planned.
using System.Globalization;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.Sources;

internal static class TickRules
{
    /// <summary>
    /// A tick of an earlier generation counts only if it was due before the present one came into force; from then
    /// on the present generation has ticks of its own.
    /// </summary>
    public static bool IsSuperseded(
        CloudEvent cloudEvent, IReadOnlyList<KeyValuePair<string, object>> others, Egress egress, RoutingModel model)
    {
        if (egress.Kind != EgressKind.Source || model.Schedule(egress.Uid) is not { } schedule
            || Generation(others) is not { } generation || generation >= schedule.Generation)
        {
            return false;
        }

        return cloudEvent[AttributeName.Time] is { } text
            && Rfc3339.TryParse(text, out var at) && at >= schedule.Since;
    }

    private static long? Generation(IReadOnlyList<KeyValuePair<string, object>> others)
    {
        foreach (var (name, value) in others)
        {
            if (name == MessageProperties.SourceGeneration)
            {
                return Convert.ToInt64(value, CultureInfo.InvariantCulture);
            }
        }

        return null;
    }
}
