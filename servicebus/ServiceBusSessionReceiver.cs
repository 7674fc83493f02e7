// Receives the messages of one session, in order and alone.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// Holds a session from its acceptance by <see cref="ServiceBusClient"/> until it is closed, its lock runs out or its
/// link is lost; it does not accept the session again by itself, for another may have had it in between.
/// </summary>
public sealed class ServiceBusSessionReceiver : ServiceBusReceiver
{
    private readonly RetryPolicy retry;
    private readonly Management management;

    private ServiceBusSessionReceiver(
        ServiceBusClient client,
        string entityPath,
        ServiceBusSessionReceiverOptions options,
        MessageBuffer buffer,
        Management management,
        ReceivingLink link)
        : base(client, entityPath, options, buffer, management)
    {
        retry = client.Retry;
        this.management = management;
        SessionId = link.Session!.Id;
        SessionLockedUntil = link.Session.LockedUntil;
        Lost = link.Closed;
    }

    /// <summary>The session that is held.</summary>
    public string SessionId { get; }

    /// <summary>When the session's lock runs out unless it is renewed.</summary>
    public DateTimeOffset SessionLockedUntil { get; private set; }

    /// <summary>Ends when the session is held no longer, for whatever reason.</summary>
    internal Task Lost { get; }

    /// <summary>Holds the session for another lock duration, and with it all messages received from it.</summary>
    public async Task RenewSessionLockAsync(CancellationToken cancellationToken = default) =>
        SessionLockedUntil = await retry.RunAsync(
            EntityPath, management, static (management, ct) => management.RenewSessionLockAsync(ct), cancellationToken);

    /// <summary>What receivers of this session keep with it; null when nothing was set.</summary>
    public async Task<BinaryData?> GetSessionStateAsync(CancellationToken cancellationToken = default) =>
        await retry.RunAsync(
            EntityPath, management, static (management, ct) => management.GetSessionStateAsync(ct), cancellationToken)
            is { } state
                ? BinaryData.FromBytes(state)
                : null;

    /// <summary>Keeps something with the session, for whoever holds it next; null forgets it.</summary>
    public Task SetSessionStateAsync(BinaryData? sessionState, CancellationToken cancellationToken = default) =>
        retry.RunAsync(
            EntityPath,
            (management, State: sessionState?.ToArray()),
            static async (state, ct) =>
            {
                await state.management.SetSessionStateAsync(state.State, ct);
                return true;
            },
            cancellationToken);

    internal static async Task<ServiceBusSessionReceiver> AcceptAsync(
        ServiceBusClient client,
        string entityPath,
        string? sessionId,
        ServiceBusSessionReceiverOptions options,
        CancellationToken cancellationToken)
    {
        var identifier = options.Identifier ?? $"{entityPath}-{Guid.NewGuid():N}";
        var buffer = new MessageBuffer(
            client, entityPath, options.ReceiveMode, options.PrefetchCount, identifier, new SessionRequest(sessionId));
        var link = await buffer.AcceptAsync(cancellationToken);
        var management = new Management(client.Connection, entityPath, link.Session!.Id, link.Name);
        return new(client, entityPath, options, buffer, management, link);
    }
}
