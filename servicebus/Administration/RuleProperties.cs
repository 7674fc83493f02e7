// A rule as the service has it; change what can be set and update.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>The properties of a rule.</summary>
public sealed class RuleProperties
{
    internal RuleProperties(string name) => Name = name;

    /// <summary>The name, unique in the bus subscription.</summary>
    public string Name { get; }

    /// <summary>Which messages the rule lets in.</summary>
    public RuleFilter Filter { get; set; } = new TrueRuleFilter();

    /// <summary>What it does to them, if anything.</summary>
    public RuleAction? Action { get; set; }
}
