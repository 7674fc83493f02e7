// Where the bus is that `eventing servicebus list|peek|purge` look into.
using System.CommandLine;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Cli.Bus;

/// <summary>
/// A connection string, ours or Azure's. The emulator has two ports: the string's is AMQP's, the other an option.
/// </summary>
internal sealed class BusConnection
{
    public static readonly Option<string?> Connection = new("--connection")
    {
        Description = "Service Bus connection string; otherwise the variable ServiceBusConnection, otherwise localhost",
    };

    public static readonly Option<int> ManagementPort = new("--admin-port")
    {
        Description = "The emulator's management port",
        DefaultValueFactory = _ => 5300,
    };

    private readonly string _connection;
    private readonly string _managementConnection;

    public BusConnection(ParseResult result)
    {
        _connection = result.GetValue(Connection)
            ?? ServiceBusConnectionSetting.FromEnvironment()
            ?? "Endpoint=sb://localhost:5672;SharedAccessKeyName=RootManageSharedAccessKey;"
            + "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";
        try
        {
            var properties = ServiceBusConnectionStringProperties.Parse(_connection);
            IsEmulator = properties.UseDevelopmentEmulator;
            Host = properties.FullyQualifiedNamespace;
            var management = new UriBuilder(properties.Endpoint) { Port = result.GetValue(ManagementPort) };
            _managementConnection = !IsEmulator
                ? _connection
                : string.Join(';', _connection.Split(';').Select(part =>
                    part.StartsWith("Endpoint=", StringComparison.OrdinalIgnoreCase)
                        ? $"Endpoint={management.Uri}"
                        : part));
        }
        catch (Exception problem) when (problem is FormatException or ArgumentException)
        {
            throw new CommandException($"The connection string cannot be used: {problem.Message}");
        }
    }

    public bool IsEmulator { get; }

    public string Host { get; }

    /// <summary>With patience it waits only so long for a session, and once.</summary>
    public ServiceBusClient CreateClient(TimeSpan? patience = null) => new(_connection, new ServiceBusClientOptions
    {
        RetryOptions = new ServiceBusRetryOptions
        {
            MaxRetries = patience is null ? 1 : 0,
            TryTimeout = patience ?? TimeSpan.FromSeconds(15),
        },
    });

    public ServiceBusAdministrationClient CreateAdministration() => new(_managementConnection);

    /// <summary>Runs; what the bus refuses, or that it cannot be reached, becomes one line.</summary>
    public static async Task<int> RunAsync(Func<Task> work)
    {
        try
        {
            await work();
            return 0;
        }
        catch (Exception problem) when (problem
            is ServiceBusException or UnauthorizedAccessException or InvalidOperationException or HttpRequestException)
        {
            throw new CommandException(BusFailure.Text(problem));
        }
    }
}
