// Finds the rules of a topic that match a message without asking each.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>
/// Correlation filters that name the same fields share a shape; inside a shape they are found by the hash of their
/// values. SQL filters that begin with an equality of a property to a string are found by that string:
/// <code>
///   message ─► 1. for each shape (say: type + source): hash the message's values of these fields
///              2. the bucket of that hash: candidates, nearly always exactly the matches
///           ─► 3. for each property that SQL filters begin with (say: type): the bucket of the message's string
///           ─► 4. the SQL filters of other forms, each        (each candidate's own Matches has the last word)
///           ─► 5. true filters match; false filters were never stored
/// </code>
/// So a topic with thousands of bus subscriptions costs a few look-ups. Immutable: built anew when the topic's rules
/// change.
/// </summary>
/// <typeparam name="TRule">What the caller knows a rule by.</typeparam>
public sealed class RuleIndex<TRule>
{
    private readonly CorrelationShape<TRule>[] _shapes;
    private readonly SqlKeyGroup<TRule>[] _groups;
    private readonly List<RuleEntry<TRule>> _evaluated = [];
    private readonly List<TRule> _always = [];

    public RuleIndex(IEnumerable<KeyValuePair<RuleFilter, TRule>> rules)
    {
        var shapes = new Dictionary<string, CorrelationShape<TRule>>(StringComparer.Ordinal);
        var groups = new Dictionary<string, SqlKeyGroup<TRule>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (filter, rule) in rules)
        {
            var entry = new RuleEntry<TRule>(filter, rule);
            switch (filter)
            {
                case TrueFilter:
                    _always.Add(rule);
                    break;
                case FalseFilter:
                    break;
                case CorrelationFilter correlation:
                    CorrelationShape<TRule>.Of(correlation, shapes).Add(correlation, entry);
                    break;
                case SqlFilter { Key: { } key }:
                    SqlKeyGroup<TRule>.Of(key, groups).Add(key, entry);
                    break;
                default:
                    _evaluated.Add(entry);
                    break;
            }
        }

        _shapes = [.. shapes.Values];
        _groups = [.. groups.Values];
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
            RuleEntry<TRule>.Ask(shape.Candidates(message), message, matched, failed);
        }

        foreach (var group in _groups)
        {
            RuleEntry<TRule>.Ask(group.Candidates(message), message, matched, failed);
        }

        RuleEntry<TRule>.Ask(_evaluated, message, matched, failed);
        matched.AddRange(_always);
    }
}
