// A filter in an index, with what the caller knows its rule by.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal readonly record struct RuleEntry<TRule>(RuleFilter Filter, TRule Rule)
{
    /// <summary>Asks each candidate; null means that there are none.</summary>
    public static void Ask(
        List<RuleEntry<TRule>>? candidates, IMessageProperties message,
        List<TRule> matched, List<KeyValuePair<TRule, RuleEvaluationException>> failed)
    {
        if (candidates is null)
        {
            return;
        }

        foreach (var (filter, rule) in candidates)
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
    }
}
