// What one local house is made with.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Cli.House;

/// <summary>Settings of a house.</summary>
internal sealed record HouseOptions
{
    /// <summary>Folder for everything it remembers.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where it listens.</summary>
    public required HousePorts Ports { get; init; }

    /// <summary>How events get from the bus to the functions.</summary>
    public Door Door { get; init; }

    /// <summary>What the bus does where Azure promises little; null: nothing of it.</summary>
    public AzureQuirks? Quirks { get; init; }

    /// <summary>
    /// How many times as fast as a cluster the replicas follow their ScaledObjects; null: there is no KEDA, and what
    /// is dispatched by a deployment of its own has one replica at least.
    /// </summary>
    public int? Autoscale { get; init; }

    /// <summary>Gets what event-displays print.</summary>
    public required Action<string> Print { get; init; }

    /// <summary>Gets one line for each part that has started.</summary>
    public required Action<string, string> Started { get; init; }

    public required ILoggerFactory LoggerFactory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The two ways a handler gets its work.</summary>
internal enum Door
{
    /// <summary>A Functions host posts to it.</summary>
    Host,

    /// <summary>It receives from the bus itself.</summary>
    Pump,
}
