// One delivery of one message: the way back to the link that brought it.
using Amqp.Framing;
using Amqp.Handler;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Settles what it delivered, once, and hears the broker's answer.</summary>
internal sealed class Delivery(ReceivingLink link, IDelivery inner)
{
    private TaskCompletionSource<DeliveryState?>? answer;

    public IDelivery Inner => inner;

    /// <summary>Whether the link that delivered is still there to settle on.</summary>
    public bool IsLinkOpen => link.IsOpen;

    /// <summary>Asks the broker to settle; the task is the broker's answer.</summary>
    /// <returns>False when another call settled this delivery, or is at it.</returns>
    public bool TryBegin(out Task<DeliveryState?> answered)
    {
        var source = new TaskCompletionSource<DeliveryState?>(TaskCreationOptions.RunContinuationsAsynchronously);
        answered = source.Task;
        return Interlocked.CompareExchange(ref answer, source, null) is null;
    }

    public Task SettleAsync(Outcome outcome, CancellationToken cancellationToken) =>
        link.SettleAsync(this, outcome, cancellationToken);

    /// <summary>Gives the message back; nobody looked at it.</summary>
    public void Release() => link.Release(this);

    public void OnAnswer(DeliveryState? state) => answer?.TrySetResult(state);

    public void OnLinkClosed(Exception failure) => answer?.TrySetException(failure);
}
