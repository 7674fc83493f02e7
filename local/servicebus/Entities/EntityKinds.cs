// How the store names kinds of entities and the paths of rules.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>Kinds as stored.</summary>
internal static class EntityKinds
{
    public const string Queue = "queue";
    public const string Topic = "topic";
    public const string Subscription = "subscription";
    public const string Rule = "rule";
    private const string RulesInfix = "/Rules/";

    public static string RulePath(string subscriptionPath, string rule) => subscriptionPath + RulesInfix + rule;

    public static string SubscriptionOfRule(string rulePath) =>
        rulePath[..rulePath.LastIndexOf(RulesInfix, StringComparison.OrdinalIgnoreCase)];
}
