// Counts how many messages share a body, so that the last one takes the body with it.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// Remembers only bodies with other than one reference. Changes of a transaction that fails are undone.
/// </summary>
internal sealed class BodyReferences
{
    private readonly Dictionary<long, int> _counts = [];
    private readonly Dictionary<long, int> _before = [];
    private readonly BodySet _loaded = new();

    /// <summary>One message of the store refers to this body.</summary>
    public void Load(long body)
    {
        if (!_loaded.Add(body))
        {
            _counts[body] = Of(body) + 1;
        }
    }

    /// <summary>All messages were loaded.</summary>
    public void Loaded() => _loaded.Clear();

    /// <summary>A new body starts from nothing; an existing one from what it has.</summary>
    public void Add(long body, int copies, bool isNew)
    {
        var now = isNew ? 0 : Of(body);
        Set(body, now + copies);
    }

    /// <summary>True when that was the last reference.</summary>
    public bool Release(long body)
    {
        var left = Of(body) - 1;
        Set(body, left);
        return left <= 0;
    }

    public void Commit()
    {
        foreach (var body in _before.Keys)
        {
            if (_counts.TryGetValue(body, out var count) && count is 0 or 1)
            {
                _counts.Remove(body);
            }
        }

        _before.Clear();
    }

    public void Rollback()
    {
        foreach (var (body, count) in _before)
        {
            _counts[body] = count;
        }

        _before.Clear();
    }

    private int Of(long body) => _counts.GetValueOrDefault(body, 1);

    private void Set(long body, int count)
    {
        _before.TryAdd(body, Of(body));
        _counts[body] = count;
    }
}
