// Something that is opened when first needed and again when lost, by one attempt that all who wait for it share.
namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>
/// Whoever comes while an attempt is under way gets its result, good or bad. If each tried in turn instead, a broker
/// that does not answer would cost the last of a thousand callers a thousand timeouts.
/// </summary>
internal sealed class SharedOpening<T>(Func<CancellationToken, Task<T>> open, Func<T, bool> isOpen)
    where T : class
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private volatile T? opened;
    private Task<T>? opening;

    /// <summary>What is open now, without waiting for it.</summary>
    public T? Current => opened is { } value && isOpen(value) ? value : null;

    /// <summary>What is open, or will be; a caller that gives up does not end the attempt of the others.</summary>
    public async ValueTask<T> GetAsync(CancellationToken cancellationToken)
    {
        if (Current is { } current)
        {
            return current;
        }

        Task<T> attempt;
        lock (gate)
        {
            attempt = Current is { } meanwhile ? Task.FromResult(meanwhile) : opening ??= OpenAsync();
        }

        return await attempt.WaitAsync(cancellationToken);
    }

    /// <summary>Ends an attempt under way; what was opened is the caller's to close.</summary>
    public async Task<T?> CloseAsync()
    {
        await closing.CancelAsync();
        Task<T>? attempt;
        lock (gate)
        {
            attempt = opening;
        }

        if (attempt is not null)
        {
            await Task.WhenAny(attempt);
        }

        return opened;
    }

    private async Task<T> OpenAsync()
    {
        // The caller remembers this task before it can end.
        await Task.Yield();
        try
        {
            return opened = await open(closing.Token);
        }
        finally
        {
            lock (gate)
            {
                opening = null;
            }
        }
    }
}
