// The functions that empty a lane: name as in the function's folder, queue as in its function.json.
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Functions.Doors;

internal sealed record LaneFunction(string Name, string Lane)
{
    /// <summary>The function that takes HTTP; it is proxied to and never invoked by name.</summary>
    public const string HttpFunction = "BrokerIngress";

    /// <summary>The function of liveness and readiness; in every deployment.</summary>
    public const string HealthFunction = "Health";

    /// <summary>The function that a timer starts.</summary>
    public const string TimerFunction = "CronSource";

    public static readonly IReadOnlyList<LaneFunction> All =
    [
        new("TriggerFilter", EntityNames.TriggersLane),
        new("ChannelFanout", EntityNames.SubscriptionsLane),
        new("SourceDelivery", EntityNames.SourcesLane),
    ];

    /// <summary>The function at a path like <c>/TriggerFilter</c>, or null.</summary>
    public static LaneFunction? At(string path)
    {
        foreach (var function in All)
        {
            if (path.AsSpan(1).SequenceEqual(function.Name))
            {
                return function;
            }
        }

        return null;
    }
}
