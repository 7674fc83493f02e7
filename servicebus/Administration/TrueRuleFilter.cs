// The condition that all messages meet.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Matches every message.</summary>
public sealed class TrueRuleFilter : SqlRuleFilter
{
    /// <summary>A filter that matches every message.</summary>
    public TrueRuleFilter()
        : base("1=1")
    {
    }

    /// <inheritdoc />
    public override string ToString() => "TrueRuleFilter";
}
