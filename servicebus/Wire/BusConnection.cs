// The one connection of a client: opened when first needed, opened anew when lost.
using System.Collections.Concurrent;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Hands out the live connection and the management links on it.</summary>
internal sealed class BusConnection : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, SharedOpening<RequestLink>> managementLinks =
        new(StringComparer.OrdinalIgnoreCase);

    private readonly SharedOpening<LiveConnection> connection;
    private LiveConnection? last;
    private volatile bool disposed;

    public BusConnection(Endpoint endpoint)
    {
        Endpoint = endpoint;
        connection = new(OpenAsync, static live => live.IsOpen);
    }

    public Endpoint Endpoint { get; }

    /// <summary>The live connection; one attempt opens it for all who wait.</summary>
    public ValueTask<LiveConnection> GetAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(ServiceBusClient));
        return connection.GetAsync(cancellationToken);
    }

    /// <summary>The link to an entity's <c>$management</c> node.</summary>
    public ValueTask<RequestLink> GetManagementLinkAsync(string entityPath, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(ServiceBusClient));
        return managementLinks
            .GetOrAdd(
                entityPath,
                static (path, self) => new(token => self.OpenManagementLinkAsync(path, token), link => link.IsOpen),
                this)
            .GetAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        foreach (var link in managementLinks.Values)
        {
            await link.CloseAsync();
        }

        if (await connection.CloseAsync() is { } live)
        {
            await live.DisposeAsync();
        }
    }

    private async Task<LiveConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (last is { } lost)
        {
            _ = lost.DisposeAsync().AsTask();
        }

        return last = await LiveConnection.OpenAsync(Endpoint, cancellationToken);
    }

    private async Task<RequestLink> OpenManagementLinkAsync(string entityPath, CancellationToken cancellationToken)
    {
        var live = await connection.GetAsync(cancellationToken);
        var node = $"{entityPath}/$management";

        // Both official clients ask for a token of the node itself, not of the entity.
        await live.AuthorizeAsync(node, cancellationToken);
        return await live.OpenRequestLinkAsync(node, cancellationToken);
    }
}
