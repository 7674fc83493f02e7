// The emulator for a class of tests, on ports of its own.
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

/// <summary>One emulator, and clients for it.</summary>
public sealed class EmulatorFixture : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private readonly int amqpPort = FreePort.Next();
    private readonly int managementPort = FreePort.Next();
    private ServiceBusEmulator emulator = null!;

    public ServiceBusClient Client { get; private set; } = null!;

    public ServiceBusAdministrationClient Administration { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        Client = new(emulator.ConnectionString, new()
        {
            RetryOptions = new()
            {
                Mode = ServiceBusRetryMode.Fixed,
                Delay = TimeSpan.FromMilliseconds(50),
                MaxRetries = 100,
            },
        });
        Administration = new(emulator.ManagementConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await emulator.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>A queue with a name that no other test has.</summary>
    public async Task<string> AddQueueAsync(Action<CreateQueueOptions>? configure = null)
    {
        var options = new CreateQueueOptions($"queue-{Guid.NewGuid():N}");
        configure?.Invoke(options);
        await Administration.CreateQueueAsync(options);
        return options.Name;
    }

    public async Task RestartAsync()
    {
        await emulator.DisposeAsync();
        await StartAsync();
    }

    private async Task StartAsync() => emulator = await ServiceBusEmulator.StartAsync(
        new() { DataFolder = folder.Path, AmqpPort = amqpPort, ManagementPort = managementPort },
        CancellationToken.None);
}
