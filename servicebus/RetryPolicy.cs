// Tries an operation again while that can help.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>Runs operations by <see cref="ServiceBusRetryOptions"/>.</summary>
internal sealed class RetryPolicy(ServiceBusRetryOptions options, TimeProvider timeProvider)
{
    public TimeSpan TryTimeout => options.TryTimeout;

    /// <summary>Runs until it succeeds, fails for good, or the tries are used up.</summary>
    public async Task<TResult> RunAsync<TState, TResult>(
        string entityPath,
        TState state,
        Func<TState, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await operation(state, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                var failure = AmqpErrors.Translate(exception, entityPath);
                if (failure is ServiceBusException { IsTransient: true } && attempt < options.MaxRetries)
                {
                    await Task.Delay(DelayAfter(attempt), timeProvider, cancellationToken);
                    continue;
                }

                if (ReferenceEquals(failure, exception))
                {
                    throw;
                }

                throw failure;
            }
        }
    }

    /// <summary>Waits by the same clock.</summary>
    public Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        Task.Delay(time, timeProvider, cancellationToken);

    /// <summary>How long to wait after the given failed try, the first being 0.</summary>
    public TimeSpan DelayAfter(int attempt)
    {
        if (options.Mode == ServiceBusRetryMode.Fixed)
        {
            return Shorter(options.Delay, options.MaxDelay);
        }

        var grown = options.Delay * Math.Pow(2, Math.Min(attempt, 20));

        // Some jitter, so that many clients of a broker that comes back do not knock all at once.
        return Shorter(grown, options.MaxDelay) * (0.8 + (0.4 * Random.Shared.NextDouble()));
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
