// Receives from one place on the bus until stopped, and settles each message as the dispatcher says.
namespace ServerlessEventing.Functions.Doors;

internal interface IMessagePump
{
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes nothing more and waits for what is in flight; when <paramref name="cancellationToken"/> is cancelled, that
    /// is given back to the bus.
    /// </summary>
    Task StopAsync(CancellationToken cancellationToken);
}
