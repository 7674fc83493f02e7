// Starting and stopping, the same for both kinds of processors.
namespace ServerlessEventing.ServiceBus;

/// <summary>One run at a time, from its start until what was under way has ended.</summary>
internal sealed class ProcessorLifetime
{
    private readonly SemaphoreSlim changing = new(1, 1);
    private CancellationTokenSource? stopping;
    private Task running = Task.CompletedTask;

    public bool IsProcessing => !running.IsCompleted;

    public bool IsClosed { get; private set; }

    public async Task StartAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            RequireStopped("The processor is started already.");
            stopping?.Dispose();
            stopping = new();
            running = run(stopping.Token);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Cancelled while it waits, it can be called again and goes on waiting.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            if (stopping is null)
            {
                return;
            }

            await stopping.CancelAsync();
            await running.WaitAsync(cancellationToken);
            stopping.Dispose();
            stopping = null;
        }
        finally
        {
            changing.Release();
        }
    }

    public Task CloseAsync(CancellationToken cancellationToken)
    {
        IsClosed = true;
        return StopAsync(cancellationToken);
    }

    public void RequireStopped(string otherwise = "Handlers cannot be changed while the processor is started.")
    {
        if (IsProcessing)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
