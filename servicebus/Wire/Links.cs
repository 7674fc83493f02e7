// Opens and closes sessions and links, and waits for the broker's word on each.
using Amqp;
using Amqp.Framing;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>What all links have in common.</summary>
internal static class Links
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Makes a link and waits for the broker's attach. A refusal comes as an attach without the node asked for and then
    /// a detach that says why, so an attach alone is not yet a yes.
    /// </summary>
    public static async Task<(TLink Link, Attach Answer)> OpenAsync<TLink>(
        Func<OnAttached, TLink> create,
        bool sending,
        string entityPath,
        TimeSpan timeout,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
        where TLink : Link
    {
        var attached = new TaskCompletionSource<Attach>(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = create((_, answer) =>
        {
            if ((sending ? answer.Target : answer.Source) is not null)
            {
                attached.TrySetResult(answer);
            }
        });
        link.AddClosedCallback((_, error) =>
            attached.TrySetException(AmqpErrors.ToException(error ?? link.Error, entityPath)));
        try
        {
            return (link, await attached.Task.WaitAsync(timeout, timeProvider, cancellationToken));
        }
        catch
        {
            // The caller never sees this link; nobody else can close it.
            _ = CloseAsync(link.Session);
            throw;
        }
    }

    /// <summary>Says goodbye and does not insist on an answer.</summary>
    public static async Task CloseAsync(AmqpObject part)
    {
        try
        {
            await part.CloseAsync(CloseTimeout);
        }
        catch (Exception)
        {
            // Whatever the farewell met, the object is closed for us, and its owner knows the reason by other means.
        }
    }
}
