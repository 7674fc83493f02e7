// Finds the rules of a topic that match a message without asking each correlation filter.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>
/// Correlation filters that name the same fields share a shape; inside a shape they are found by the hash of their
/// values:
/// <code>
///   message ─► 1. for each shape (say: type + source): hash the message's values of these fields
///              2. the bucket of that hash: candidates, nearly always exactly the matches
///              3. each candidate's own Matches has the last word
///           ─► 4. every SQL filter is evaluated    ─► 5. every true filter matches; false filters were never stored
/// </code>
/// So a topic with thousands of bus subscriptions costs one look-up a shape, of which there are few. Immutable: built
/// anew when the topic's rules change.
/// </summary>
/// <typeparam name="TRule">What the caller knows a rule by.</typeparam>
public sealed class RuleIndex<TRule>
{
    private readonly List<Shape> _shapes = [];
    private readonly List<Entry> _evaluated = [];
    private readonly List<TRule> _always = [];

    public RuleIndex(IEnumerable<KeyValuePair<RuleFilter, TRule>> rules)
    {
        var shapes = new Dictionary<string, Shape>(StringComparer.Ordinal);
        foreach (var (filter, rule) in rules)
        {
            switch (filter)
            {
                case TrueFilter:
                    _always.Add(rule);
                    break;
                case FalseFilter:
                    break;
                case CorrelationFilter correlation:
                    AddTo(shapes, correlation, rule);
                    break;
                default:
                    _evaluated.Add(new Entry(filter, rule));
                    break;
            }
        }

        _shapes.AddRange(shapes.Values);
    }

    /// <summary>
    /// Adds the rules that match to <paramref name="matched"/>, and those whose filter fails on this message, with the
    /// reason, to <paramref name="failed"/>. Both lists are the caller's, to be used again.
    /// </summary>
    public void Match(
        IMessageProperties message, List<TRule> matched, List<KeyValuePair<TRule, RuleEvaluationException>> failed)
    {
        foreach (var shape in _shapes)
        {
            shape.Match(message, matched);
        }

        foreach (var (filter, rule) in _evaluated)
        {
            try
            {
                if (filter.Matches(message))
                {
                    matched.Add(rule);
                }
            }
            catch (RuleEvaluationException fault)
            {
                failed.Add(new KeyValuePair<TRule, RuleEvaluationException>(rule, fault));
            }
        }

        matched.AddRange(_always);
    }

    private static void AddTo(Dictionary<string, Shape> shapes, CorrelationFilter filter, TRule rule)
    {
        var system = filter.SystemFields().Where(field => field.Value is not null).ToArray();
        var user = filter.Properties.OrderBy(property => property.Key, StringComparer.OrdinalIgnoreCase).ToArray();
        var key = string.Join('\0', system.Select(field => field.Key))
            + "\0\0" + string.Join('\0', user.Select(property => property.Key.ToUpperInvariant()));
        if (!shapes.TryGetValue(key, out var shape))
        {
            shape = new Shape([.. system.Select(field => field.Key)], [.. user.Select(property => property.Key)]);
            shapes.Add(key, shape);
        }

        var hash = new HashCode();
        foreach (var field in system)
        {
            hash.Add(SqlComparison.Hash(SqlValue.From(field.Value)));
        }

        foreach (var property in user)
        {
            hash.Add(SqlComparison.Hash(SqlValue.From(property.Value)));
        }

        shape.Add(hash.ToHashCode(), new Entry(filter, rule));
    }

    private readonly record struct Entry(RuleFilter Filter, TRule Rule);

    private sealed class Shape(string[] systemNames, string[] userNames)
    {
        private readonly Dictionary<int, List<Entry>> _buckets = [];

        public void Add(int hash, Entry entry)
        {
            if (!_buckets.TryGetValue(hash, out var bucket))
            {
                bucket = [];
                _buckets.Add(hash, bucket);
            }

            bucket.Add(entry);
        }

        public void Match(IMessageProperties message, List<TRule> matched)
        {
            if (!TryHash(message, out var hash) || !_buckets.TryGetValue(hash, out var bucket))
            {
                return;
            }

            foreach (var (filter, rule) in bucket)
            {
                if (filter.Matches(message))
                {
                    matched.Add(rule);
                }
            }
        }

        // False when the message lacks one of the fields, for then no filter of this shape matches.
        private bool TryHash(IMessageProperties message, out int result)
        {
            var hash = new HashCode();
            result = 0;
            foreach (var name in systemNames)
            {
                if (!message.TryGetSystem(name, out var value))
                {
                    return false;
                }

                hash.Add(SqlComparison.Hash(SqlValue.From(value)));
            }

            foreach (var name in userNames)
            {
                if (!message.TryGetUser(name, out var value))
                {
                    return false;
                }

                hash.Add(SqlComparison.Hash(SqlValue.From(value)));
            }

            result = hash.ToHashCode();
            return true;
        }
    }
}
