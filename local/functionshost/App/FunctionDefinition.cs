// One function of the app and what starts it; the kinds of trigger that this host knows.
namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>A function: the name of its folder and its trigger.</summary>
public sealed record FunctionDefinition(string Name, FunctionTrigger Trigger);

/// <summary>What starts a function. <c>BindingName</c> is the binding's <c>name</c>.</summary>
public abstract record FunctionTrigger(string BindingName);

/// <summary>An HTTP function, always proxied (section "proxy mode" of docs/functions-host.md).</summary>
public sealed record HttpTrigger(string BindingName) : FunctionTrigger(BindingName)
{
    /// <summary>Route template without the app's prefix.</summary>
    public required string Route { get; init; }

    /// <summary>Upper-case methods; empty means every method.</summary>
    public required IReadOnlyList<string> Methods { get; init; }
}

/// <summary>A function that one Service Bus message at a time starts.</summary>
public sealed record ServiceBusTrigger(string BindingName) : FunctionTrigger(BindingName)
{
    /// <summary>The queue, or the topic when <see cref="SubscriptionName"/> is set.</summary>
    public required string EntityName { get; init; }

    public string? SubscriptionName { get; init; }

    /// <summary>The connection string that the trigger's <c>connection</c> setting holds.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>True: the body reaches the handler as base64 of its exact bytes; false: as text.</summary>
    public required bool Binary { get; init; }

    public required bool AutoComplete { get; init; }

    public string EntityPath =>
        SubscriptionName is null ? EntityName : $"{EntityName}/Subscriptions/{SubscriptionName}";
}

/// <summary>A function that a schedule starts.</summary>
public sealed record TimerTrigger(string BindingName) : FunctionTrigger(BindingName)
{
    public required Timers.TimerSchedule Schedule { get; init; }

    public required bool RunOnStartup { get; init; }

    public required bool UseMonitor { get; init; }

    public RetryPolicy? Retry { get; init; }
}

/// <summary>The <c>retry</c> object of a timer's <c>function.json</c>.</summary>
public sealed record RetryPolicy
{
    /// <summary>-1 means without end.</summary>
    public required int MaxRetryCount { get; init; }

    public required TimeSpan FirstDelay { get; init; }

    /// <summary>Equal to <see cref="FirstDelay"/> for the fixed strategy.</summary>
    public required TimeSpan LongestDelay { get; init; }

    /// <summary>
    /// The wait before retry <paramref name="retry"/> (1 = the first): doubled each time, up to the longest.
    /// </summary>
    public TimeSpan DelayBefore(int retry)
    {
        var factor = Math.Pow(2, Math.Min(retry - 1, 30));
        var ticks = Math.Min(FirstDelay.Ticks * factor, LongestDelay.Ticks);
        return TimeSpan.FromTicks((long)Math.Max(ticks, FirstDelay.Ticks));
    }
}
