// The one connection of a client: opened when first needed, opened anew when lost.
namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Hands out the live connection and the management links on it.</summary>
internal sealed class BusConnection(Endpoint endpoint) : IAsyncDisposable
{
    private readonly SemaphoreSlim opening = new(1, 1);
    private readonly Dictionary<string, RequestLink> managementLinks = new(StringComparer.OrdinalIgnoreCase);
    private volatile LiveConnection? live;
    private volatile bool disposed;

    public Endpoint Endpoint => endpoint;

    /// <summary>The live connection; one caller opens it, the others wait for that.</summary>
    public async ValueTask<LiveConnection> GetAsync(CancellationToken cancellationToken)
    {
        if (live is { IsOpen: true } current)
        {
            return current;
        }

        await opening.WaitAsync(cancellationToken);
        try
        {
            return await OpenUnderLockAsync(cancellationToken);
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>The link to an entity's <c>$management</c> node.</summary>
    public async Task<RequestLink> GetManagementLinkAsync(string entityPath, CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            if (managementLinks.TryGetValue(entityPath, out var link) && link.IsOpen)
            {
                return link;
            }

            var connection = await OpenUnderLockAsync(cancellationToken);
            var node = $"{entityPath}/$management";

            // Both official clients ask for a token of the node itself, not of the entity.
            await connection.AuthorizeAsync(node, cancellationToken);
            link = await connection.OpenRequestLinkAsync(node, cancellationToken);
            managementLinks[entityPath] = link;
            return link;
        }
        finally
        {
            opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        await opening.WaitAsync();
        try
        {
            if (live is { } current)
            {
                await current.DisposeAsync();
            }
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task<LiveConnection> OpenUnderLockAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(ServiceBusClient));
        if (live is { IsOpen: true } current)
        {
            return current;
        }

        managementLinks.Clear();
        if (live is { } lost)
        {
            _ = lost.DisposeAsync().AsTask();
        }

        return live = await LiveConnection.OpenAsync(endpoint, cancellationToken);
    }
}
