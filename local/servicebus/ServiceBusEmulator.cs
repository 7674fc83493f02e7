// The emulator as a whole: broker, AMQP port, management port.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ServerlessEventing.Local.ServiceBus.Amqp;
using ServerlessEventing.Local.ServiceBus.Configuration;
using ServerlessEventing.Local.ServiceBus.Management;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;
using ServerlessEventing.Local.ServiceBus.Store;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus;

/// <summary>
/// Azure Service Bus on a laptop: AMQP 1.0 and the management API on loopback ports, entities and messages in a folder.
/// <code>
///   1 lock and open the folder   2 bring back entities and messages   3 create what the config file lists
///   4 listen for AMQP            5 listen for management
/// </code>
/// </summary>
public sealed class ServiceBusEmulator : IAsyncDisposable
{
    private readonly Broker _broker;
    private readonly AmqpListener _amqp;
    private readonly ManagementServer _management;
    private readonly ServiceBusEmulatorOptions _options;

    private ServiceBusEmulator(
        ServiceBusEmulatorOptions options, Broker broker, AmqpListener amqp, ManagementServer management)
    {
        _options = options;
        _broker = broker;
        _amqp = amqp;
        _management = management;
    }

    public int AmqpPort => _amqp.Port;

    public int ManagementPort => _management.Port;

    /// <summary>For clients that send and receive.</summary>
    public string ConnectionString => ConnectionStringFor(AmqpPort);

    /// <summary>For administration clients: the official emulator, too, has one string for each port.</summary>
    public string ManagementConnectionString => ConnectionStringFor(ManagementPort);

    public BrokerCounters Counters => _broker.Counters;

    /// <summary>Ready when the task ends; throws <see cref="EmulatorStartException"/> when it cannot start.</summary>
    public static async Task<ServiceBusEmulator> StartAsync(
        ServiceBusEmulatorOptions options, CancellationToken cancellationToken)
    {
        var broker = OpenBroker(options);
        AmqpListener? amqp = null;
        try
        {
            if (options.ConfigFile is { } file)
            {
                await ConfigFile.ApplyAsync(file, broker, cancellationToken);
            }

            var access = new AccessControl(
                [new AccessRule(options.KeyName, options.Key, AccessRights.Manage), .. options.AccessRules],
                options.NoAuth, options.TimeProvider);
            amqp = StartAmqp(options, broker, access);
            var requests = new ManagementRequests(
                broker, access, amqp.ServeAsync, options.LoggerFactory.CreateLogger<ManagementRequests>());
            var management = await StartManagementAsync(options, requests, cancellationToken);
            return new ServiceBusEmulator(options, broker, amqp, management);
        }
        catch
        {
            if (amqp is not null)
            {
                await amqp.DisposeAsync();
            }

            broker.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // First AMQP: some of its connections came through the other port, which waits for them.
        await _amqp.DisposeAsync();
        await _management.DisposeAsync();
        _broker.Dispose();
    }

    private static Broker OpenBroker(ServiceBusEmulatorOptions options)
    {
        try
        {
            return Broker.Open(
                options.DataFolder,
                new BrokerOptions(options.LoggerFactory, options.TimeProvider)
                {
                    Quirks = options.Quirks,
                    SkipFlush = options.SkipFlush,
                });
        }
        catch (StoreUnusableException problem)
        {
            throw new EmulatorStartException(problem.Message, problem);
        }
    }

    private static AmqpListener StartAmqp(ServiceBusEmulatorOptions options, Broker broker, AccessControl access)
    {
        try
        {
            return AmqpListener.Start(
                new IPEndPoint(options.Address, options.AmqpPort),
                options.Certificate,
                new ConnectionContext(broker, access),
                options.LoggerFactory.CreateLogger<AmqpListener>());
        }
        catch (SocketException problem)
        {
            throw new EmulatorStartException(
                $"Port {options.AmqpPort}, for AMQP, cannot be opened: {problem.Message}. " +
                "Stop what uses it, or choose another with --port or --port-offset.", problem);
        }
    }

    private static async Task<ManagementServer> StartManagementAsync(
        ServiceBusEmulatorOptions options, ManagementRequests requests, CancellationToken cancellationToken)
    {
        try
        {
            return await ManagementServer.StartAsync(
                new IPEndPoint(options.Address, options.ManagementPort),
                options.Certificate,
                options.LoggerFactory,
                requests,
                cancellationToken);
        }
        catch (IOException problem)
        {
            throw new EmulatorStartException(
                $"Port {options.ManagementPort}, for management, cannot be opened: {problem.Message} " +
                "Stop what uses it, or choose another with --admin-port or --port-offset.", problem);
        }
    }

    private string ConnectionStringFor(int port) => string.Create(
        CultureInfo.InvariantCulture,
        $"Endpoint=sb://localhost:{port};SharedAccessKeyName={_options.KeyName};SharedAccessKey={_options.Key};" +
        $"{(_options.Certificate is null ? "UseDevelopmentEmulator=true;" : "")}");
}
