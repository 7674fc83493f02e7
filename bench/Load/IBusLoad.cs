// The load on a bus: messages into a queue and out of it again, over a number of connections.
namespace ServerlessEventing.Bench.Load;

/// <summary>A client program with its connections to one queue.</summary>
internal interface IBusLoad : IAsyncDisposable
{
    /// <summary>Sends; as many as allowed are under way, each until the bus has accepted it.</summary>
    Task<BusResult> SendAsync(int count, CancellationToken cancellationToken);

    /// <summary>Receives and completes; a message's time is that of its completion, until the bus has agreed.</summary>
    Task<BusResult> ReceiveAsync(int count, CancellationToken cancellationToken);
}

/// <summary>How long a run took, and each message of it, in milliseconds.</summary>
internal sealed record BusResult(TimeSpan Duration, double[] Milliseconds);
