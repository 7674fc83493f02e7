// What host.json says, as far as this host follows it.
namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>The settings of <c>host.json</c>, defaults filled in.</summary>
public sealed record HostSettings
{
    /// <summary>In front of every HTTP route; empty for none.</summary>
    public required string RoutePrefix { get; init; }

    /// <summary>The longest an invocation may take; null for no limit.</summary>
    public required TimeSpan? FunctionTimeout { get; init; }

    public required HandlerDescription Handler { get; init; }

    public required ServiceBusSettings ServiceBus { get; init; }
}

/// <summary><c>customHandler</c>: how the handler process is started.</summary>
public sealed record HandlerDescription
{
    /// <summary>Null only where the options of the host name an executable of their own.</summary>
    public required string? Executable { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required string WorkingDirectory { get; init; }

    public required TimeSpan InitializationTimeout { get; init; }

    public required bool ProxyHttp { get; init; }
}

/// <summary><c>extensions.serviceBus</c>.</summary>
public sealed record ServiceBusSettings
{
    public required int MaxConcurrentCalls { get; init; }

    public required int PrefetchCount { get; init; }

    public required TimeSpan MaxAutoLockRenewalDuration { get; init; }

    public required bool AutoCompleteMessages { get; init; }
}
