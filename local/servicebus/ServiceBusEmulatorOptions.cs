// How to run an emulator.
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;

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

    /// <summary>Where both ports are opened; loopback, and anything else only where the network is trusted.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    public string KeyName { get; init; } = "RootManageSharedAccessKey";

    /// <summary>The official emulator's key, so that its connection strings work unchanged.</summary>
    public string Key { get; init; } = "SAS_KEY_VALUE";

    /// <summary>Further keys, with fewer rights.</summary>
    public IReadOnlyList<AccessRule> AccessRules { get; init; } = [];

    /// <summary>With one, and its private key, both ports speak TLS and nothing else; the caller disposes it.</summary>
    public X509Certificate2? Certificate { get; init; }

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
