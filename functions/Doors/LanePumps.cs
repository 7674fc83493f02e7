// Empties the shared lanes while the pump door is open: all, or those this process is for.
namespace ServerlessEventing.Functions.Doors;

internal sealed class LanePumps(MessagePumps pumps, FunctionsSettings settings) : IHostedService
{
    private readonly List<IMessagePump> running = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var function in LaneFunction.All.Where(function => settings.Functions.Has(function.Name)))
        {
            var pump = pumps.OfLane(function.Lane);
            running.Add(pump);
            await pump.StartAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(running.Select(pump => pump.StopAsync(cancellationToken)));
}
