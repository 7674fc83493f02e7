// The correlation filters of a topic that name the same fields, by the hash of their values.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal sealed class CorrelationShape<TRule>(string[] systemNames, string[] userNames)
{
    private readonly Dictionary<int, List<RuleEntry<TRule>>> _buckets = [];

    /// <summary>The shape that a filter has, new or known.</summary>
    public static CorrelationShape<TRule> Of(
        CorrelationFilter filter, Dictionary<string, CorrelationShape<TRule>> known)
    {
        var system = filter.SystemFields().Where(given => given.Value is not null).Select(given => given.Key).ToArray();
        var user = filter.Properties.Keys.Order(StringComparer.OrdinalIgnoreCase).ToArray();
        var key = string.Join('\0', system) + "\0\0" + string.Join('\0', user.Select(name => name.ToUpperInvariant()));
        if (!known.TryGetValue(key, out var shape))
        {
            shape = new CorrelationShape<TRule>(system, user);
            known.Add(key, shape);
        }

        return shape;
    }

    public void Add(CorrelationFilter filter, RuleEntry<TRule> entry)
    {
        var given = filter.SystemFields().ToDictionary(field => field.Key, field => field.Value);
        var hash = new HashCode();
        foreach (var name in systemNames)
        {
            hash.Add(SqlComparison.Hash(SqlValue.From(given[name])));
        }

        foreach (var name in userNames)
        {
            hash.Add(SqlComparison.Hash(SqlValue.From(filter.Properties[name])));
        }

        var bucket = hash.ToHashCode();
        if (!_buckets.TryGetValue(bucket, out var entries))
        {
            entries = [];
            _buckets.Add(bucket, entries);
        }

        entries.Add(entry);
    }

    /// <summary>Null when the message lacks one of the fields, for then no filter of this shape matches.</summary>
    public List<RuleEntry<TRule>>? Candidates(IMessageProperties message)
    {
        var hash = new HashCode();
        foreach (var name in systemNames)
        {
            if (!message.TryGetSystem(name, out var value))
            {
                return null;
            }

            hash.Add(SqlComparison.Hash(SqlValue.From(value)));
        }

        foreach (var name in userNames)
        {
            if (!message.TryGetUser(name, out var value))
            {
                return null;
            }

            hash.Add(SqlComparison.Hash(SqlValue.From(value)));
        }

        return _buckets.GetValueOrDefault(hash.ToHashCode());
    }
}
