// A set of body ids in little memory: they are nearly all neighbours.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>One bit for an id, in pages of those that lie together.</summary>
internal sealed class BodySet
{
    private const int PageBits = 12;
    private const int WordBits = 6;
    private readonly Dictionary<long, ulong[]> _pages = [];

    /// <summary>False when it was there.</summary>
    public bool Add(long id)
    {
        if (!_pages.TryGetValue(id >> PageBits, out var page))
        {
            page = new ulong[1 << (PageBits - WordBits)];
            _pages.Add(id >> PageBits, page);
        }

        ref var word = ref page[(int)(id >> WordBits) & (page.Length - 1)];
        var bit = 1UL << (int)(id & ((1 << WordBits) - 1));
        var isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }

    public void Clear() => _pages.Clear();
}
