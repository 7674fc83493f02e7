// The condition that no message meets.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Matches no message.</summary>
public sealed class FalseRuleFilter : SqlRuleFilter
{
    /// <summary>A filter that matches no message.</summary>
    public FalseRuleFilter()
        : base("1=0")
    {
    }

    /// <inheritdoc />
    public override string ToString() => "FalseRuleFilter";
}
