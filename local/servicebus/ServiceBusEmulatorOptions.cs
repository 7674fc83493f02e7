// How to run an emulator.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

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

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
