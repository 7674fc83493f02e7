// The filter of the rule $Default: everything passes.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>Passes every message.</summary>
public sealed class TrueFilter : RuleFilter
{
    public static readonly TrueFilter Instance = new();

    private TrueFilter()
    {
    }

    public override bool Matches(IMessageProperties message) => true;
}
