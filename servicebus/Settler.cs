// Settles received messages and renews their locks, on the link that delivered them or by their lock tokens.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>What receivers and processors share: the end of a message.</summary>
internal sealed class Settler(RetryPolicy retry, Management management, string entityPath)
{
    public async Task SettleAsync(
        ServiceBusReceivedMessage message, Settlement settlement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.LockTokenGuid == Guid.Empty)
        {
            throw new InvalidOperationException(
                "Only messages received in PeekLock mode can be settled; this one was peeked at, or is gone already.");
        }

        if (message.Delivery is { IsLinkOpen: true } delivery)
        {
            try
            {
                await delivery.SettleAsync(settlement.ToOutcome(), cancellationToken);
                return;
            }
            catch (Exception exception) when (!delivery.IsLinkOpen && !cancellationToken.IsCancellationRequested
                && AmqpErrors.Translate(exception, entityPath) is ServiceBusException { IsTransient: true })
            {
                // The link went down before the answer came. The lock may have outlived it: ask by token.
            }
        }

        await retry.RunAsync(
            entityPath,
            (management, message.LockTokenGuid, settlement),
            static async (state, ct) =>
            {
                await state.management.SettleAsync(state.LockTokenGuid, state.settlement, ct);
                return true;
            },
            cancellationToken);
    }

    public async Task RenewLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.LockedUntil = await retry.RunAsync(
            entityPath,
            (management, message.LockTokenGuid),
            static (state, ct) => state.management.RenewLockAsync(state.LockTokenGuid, ct),
            cancellationToken);
    }
}
