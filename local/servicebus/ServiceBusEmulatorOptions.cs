// How to run an emulator.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus;

/// <summary>Everything has a default but the data folder.</summary>
public sealed record ServiceBusEmulatorOptions
{
    /// <summary>Where entities and messages are kept; created when missing, held by one emulator at a time.</summary>
    public required string DataFolder { get; init; }

    /// <summary>0: any free port.</summary>
    public int AmqpPort { get; init; }

    /// <summary>0: any free port.</summary>
    public int ManagementPort { get; init; }

    public string KeyName { get; init; } = "RootManageSharedAccessKey";

    /// <summary>The official emulator's key, so that its connection strings work unchanged.</summary>
    public string Key { get; init; } = "SAS_KEY_VALUE";

    /// <summary>Takes any token, or none.</summary>
    public bool NoAuth { get; init; }

    /// <summary>A config.json of the official emulator; what it names and is not there is created at start.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Azure's unpleasant surprises, for testing; null (the default) for none.</summary>
    public AzureQuirks? Quirks { get; init; }

    /// <summary>Tests only, see <see cref="BrokerOptions.SkipFlush"/>.</summary>
    internal bool SkipFlush { get; init; }

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
