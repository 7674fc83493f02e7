// Tells when each of some objects has been through its reconciler.
using System.Collections.Concurrent;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>A reconcile counts that began after the pass did.</summary>
public sealed class Pass
{
    private readonly ConcurrentDictionary<ResourceKey, bool> _left;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Pass(IEnumerable<ResourceKey> keys)
    {
        _left = new(keys.Select(key => KeyValuePair.Create(key, true)));
        Look();
    }

    /// <summary>Ends when none is left.</summary>
    public Task Done => _done.Task;

    public void Been(ResourceKey key)
    {
        if (_left.TryRemove(key, out _))
        {
            Look();
        }
    }

    private void Look()
    {
        if (_left.IsEmpty)
        {
            _done.TrySetResult();
        }
    }
}
