// Empties every shared lane while the pump door is open.
namespace ServerlessEventing.Functions.Doors;

internal sealed class LanePumps(MessagePumps pumps) : IHostedService
{
    private readonly List<IMessagePump> running = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var function in LaneFunction.All)
        {
            var pump = pumps.OfLane(function.Lane);
            running.Add(pump);
            await pump.StartAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(running.Select(pump => pump.StopAsync(cancellationToken)));
}
