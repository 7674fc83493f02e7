// The SQL filters of a topic that begin with an equality of one property, by the strings that it may be.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal sealed class SqlKeyGroup<TRule>(string name)
{
    private readonly Dictionary<string, List<RuleEntry<TRule>>> _byValue = new(StringComparer.Ordinal);
    private readonly List<RuleEntry<TRule>> _partial = [];
    private readonly List<RuleEntry<TRule>> _all = [];

    /// <summary>The group that a key belongs to, new or known.</summary>
    public static SqlKeyGroup<TRule> Of(SqlKey key, Dictionary<string, SqlKeyGroup<TRule>> known)
    {
        if (!known.TryGetValue(key.Name, out var group))
        {
            group = new SqlKeyGroup<TRule>(key.Name);
            known.Add(key.Name, group);
        }

        return group;
    }

    public void Add(SqlKey key, RuleEntry<TRule> entry)
    {
        _all.Add(entry);
        if (!key.IsWhole)
        {
            _partial.Add(entry);
        }

        foreach (var value in key.Values)
        {
            if (!_byValue.TryGetValue(value, out var entries))
            {
                entries = [];
                _byValue.Add(value, entries);
            }

            entries.Add(entry);
        }
    }

    /// <summary>
    /// Those that may match or fail. A missing property leaves the equality unknown, so what follows it in a filter is
    /// evaluated and may fail; a value that is no string makes the equality itself fail, or is NULL.
    /// </summary>
    public List<RuleEntry<TRule>>? Candidates(IMessageProperties message)
    {
        if (!message.TryGetUser(name, out var value))
        {
            return _partial;
        }

        return value is string text ? _byValue.GetValueOrDefault(text) : _all;
    }
}
