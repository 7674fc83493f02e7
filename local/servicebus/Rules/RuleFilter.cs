// The condition of a rule.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>Decides whether a message passes. Immutable, and safe to use from many threads.</summary>
public abstract class RuleFilter
{
    private protected RuleFilter()
    {
    }

    /// <summary>
    /// True when the message passes; throws <see cref="RuleEvaluationException"/> when that cannot be told.
    /// </summary>
    public abstract bool Matches(IMessageProperties message);
}
