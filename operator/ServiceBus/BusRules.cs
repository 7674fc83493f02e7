// The one rule of each bus subscription: compared, changed in place, and never absent.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>Reads and writes rules; throws what the client throws.</summary>
public sealed class BusRules(ServiceBusAdministrationClient client)
{
    /// <summary>Stands in for the rule while it is made anew.</summary>
    private const string Meanwhile = EntityNames.Rule + "-new";

    /// <summary>
    /// Leaves exactly one rule, the wanted one; true when something had to be written. The rule is changed in place;
    /// others go only after it is right, for two rules deliver twice and none loses events.
    /// </summary>
    public async Task<bool> PutRightAsync(BusSubscription subscription, CancellationToken cancellationToken)
    {
        RuleProperties? present = null;
        var others = new List<string>();
        await foreach (var rule in client.GetRulesAsync(subscription.Topic, subscription.Name, cancellationToken))
        {
            if (rule.Name == EntityNames.Rule)
            {
                present = rule;
            }
            else
            {
                others.Add(rule.Name);
            }
        }

        var wrote = others.Count > 0;
        if (present is null)
        {
            await client.CreateRuleAsync(
                subscription.Topic,
                subscription.Name,
                Options(subscription),
                cancellationToken);
            wrote = true;
        }
        else if (!IsRight(present, subscription))
        {
            await ReplaceAsync(subscription, present, cancellationToken);
            wrote = true;
        }

        foreach (var other in others)
        {
            await client.DeleteRuleAsync(subscription.Topic, subscription.Name, other, cancellationToken);
        }

        return wrote;
    }

    // In place; where the bus refuses that, the new filter first under another name, so that no event is missed.
    private async Task ReplaceAsync(
        BusSubscription subscription, RuleProperties present, CancellationToken cancellationToken)
    {
        present.Filter = Filter(subscription.Rule);
        present.Action = subscription.Action is { } action ? new SqlRuleAction(action) : null;
        try
        {
            await client.UpdateRuleAsync(subscription.Topic, subscription.Name, present, cancellationToken);
        }
        catch (Exception error) when (IsRefusal(error))
        {
            var (topic, name) = (subscription.Topic, subscription.Name);
            await client.CreateRuleAsync(topic, name, Options(subscription, Meanwhile), cancellationToken);
            await client.DeleteRuleAsync(topic, name, EntityNames.Rule, cancellationToken);
            await client.CreateRuleAsync(topic, name, Options(subscription), cancellationToken);
            await client.DeleteRuleAsync(topic, name, Meanwhile, cancellationToken);
        }
    }

    // 400 is an ArgumentException, as in the SDK. A filter that is no good at all is refused once more, and told then.
    private static bool IsRefusal(Exception error) => error is ArgumentException
        or ServiceBusException
        {
            IsTransient: false,
            Reason: not (ServiceBusFailureReason.MessagingEntityNotFound or ServiceBusFailureReason.QuotaExceeded),
        };

    // Our own comparison: the client's `==` on filters ignores case, like the SDK's.
    private static bool IsRight(RuleProperties rule, BusSubscription wanted)
    {
        var action = (rule.Action as SqlRuleAction)?.SqlExpression;
        var actionIsRight = wanted.Egress is null
            ? string.IsNullOrEmpty(action)
            : action?.Contains($"'{wanted.Egress}'", StringComparison.Ordinal) == true;
        return actionIsRight && Read(rule.Filter)?.ToString() == wanted.Rule.ToString();
    }

    private static BusRule? Read(RuleFilter filter) => filter switch
    {
        TrueRuleFilter => BusRule.Everything,
        FalseRuleFilter => null,
        CorrelationRuleFilter correlation => new BusRule
        {
            Equal = correlation.ApplicationProperties
                .Select(pair => KeyValuePair.Create(pair.Key, pair.Value as string ?? ""))
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .ToList(),
            ContentType = string.IsNullOrEmpty(correlation.ContentType) ? null : correlation.ContentType,
        },
        SqlRuleFilter { SqlExpression: "1=1" } => BusRule.Everything,
        SqlRuleFilter sql => new BusRule { Sql = sql.SqlExpression },
        _ => null,
    };

    /// <summary>The one rule of a bus subscription, to be made.</summary>
    public static CreateRuleOptions Options(BusSubscription subscription) => Options(subscription, EntityNames.Rule);

    private static CreateRuleOptions Options(BusSubscription subscription, string name) =>
        new(name, Filter(subscription.Rule))
        {
            Action = subscription.Action is { } action ? new SqlRuleAction(action) : null,
        };

    private static RuleFilter Filter(BusRule rule)
    {
        if (rule.Sql is { } sql)
        {
            return new SqlRuleFilter(sql);
        }

        if (rule.Equal is null)
        {
            return new TrueRuleFilter();
        }

        var filter = new CorrelationRuleFilter { ContentType = rule.ContentType };
        foreach (var (name, value) in rule.Equal)
        {
            filter.ApplicationProperties[name] = value;
        }

        return filter;
    }
}
