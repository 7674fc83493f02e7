// What a rule is to be like.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Options for creating a rule.</summary>
public sealed class CreateRuleOptions
{
    /// <summary>The rule that a bus subscription gets when none is given.</summary>
    public const string DefaultRuleName = "$Default";

    /// <summary>A rule named <see cref="DefaultRuleName"/> that lets every message in.</summary>
    public CreateRuleOptions()
        : this(DefaultRuleName, new TrueRuleFilter())
    {
    }

    /// <summary>A rule that lets every message in.</summary>
    public CreateRuleOptions(string name)
        : this(name, new TrueRuleFilter())
    {
    }

    /// <summary>A rule with a filter.</summary>
    public CreateRuleOptions(string name, RuleFilter filter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(filter);
        Name = name;
        Filter = filter;
    }

    /// <summary>A rule like an existing one.</summary>
    public CreateRuleOptions(RuleProperties rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        Name = rule.Name;
        Filter = rule.Filter;
        Action = rule.Action;
    }

    /// <summary>The name, unique in the bus subscription.</summary>
    public string Name { get; set; }

    /// <summary>Which messages the rule lets in.</summary>
    public RuleFilter Filter { get; set; }

    /// <summary>What it does to them, if anything.</summary>
    public RuleAction? Action { get; set; }

    internal RuleProperties ToProperties() => new(Name) { Filter = Filter, Action = Action };
}
