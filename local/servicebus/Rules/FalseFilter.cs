// The filter that passes nothing.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>Passes no message.</summary>
public sealed class FalseFilter : RuleFilter
{
    public static readonly FalseFilter Instance = new();

    private FalseFilter()
    {
    }

    public override bool Matches(IMessageProperties message) => false;
}
