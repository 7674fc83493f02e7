// $management operations on the rules of a bus subscription.
using System.Globalization;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Add, remove and enumerate; the same rules as the management API's.</summary>
internal sealed class RuleRequests(Broker broker, EntityNode node)
{
    private const string Add = "com.microsoft:add-rule";
    private const string Remove = "com.microsoft:remove-rule";
    private const string EnumerateAll = "com.microsoft:enumerate-rules";
    private const ulong RuleCode = 0x0000_0137_0000_0004;
    private const ulong EmptyActionCode = 0x0000_0137_0000_0005;
    private const ulong SqlActionCode = 0x0000_0137_0000_0006;
    private const ulong SqlFilterCode = 0x0000_0013_7000_0006;
    private const ulong TrueFilterCode = 0x0000_0013_7000_0007;
    private const ulong FalseFilterCode = 0x0000_0013_7000_0008;
    private const ulong CorrelationFilterCode = 0x0000_0013_7000_0009;
    private const int CompatibilityLevel = 20;
    private const int MaxPage = 100;

    /// <summary>False when the operation is not one of these.</summary>
    public bool TryHandle(string operation, RequestBody body, Action<RequestAnswer> answer)
    {
        if (operation is not (Add or Remove or EnumerateAll))
        {
            return false;
        }

        if (node is not SubscriptionNode subscription)
        {
            answer(RequestAnswer.From(BrokerError.NotAllowed($"'{node.Path}' is no subscription and has no rules.")));
            return true;
        }

        switch (operation)
        {
            case EnumerateAll:
                answer(Enumerate(subscription, body));
                break;
            case Add:
                var rule = ReadRule(body);
                AnswerWhenDone(
                    broker.Administration.CreateRuleAsync(
                        subscription.Topic.Path, subscription.Subscription.Name, rule, CancellationToken.None),
                    answer);
                break;
            default:
                AnswerWhenDone(
                    broker.Administration.DeleteRuleAsync(
                        subscription.Topic.Path, subscription.Subscription.Name, body.Text("rule-name"),
                        CancellationToken.None),
                    answer);
                break;
        }

        return true;
    }

    private static void AnswerWhenDone(Task<AdministrationError?> change, Action<RequestAnswer> answer) =>
        _ = AnswerAsync(change, answer);

    private static async Task AnswerAsync(Task<AdministrationError?> change, Action<RequestAnswer> answer)
    {
        try
        {
            answer(Translate(await change));
        }
        catch (ObjectDisposedException)
        {
            answer(RequestAnswer.From(BrokerError.Busy));
        }
    }

    private static RequestAnswer Translate(AdministrationError? error) => error is null
        ? RequestAnswer.Ok()
        : RequestAnswer.Failed(
            error.Status,
            error.Status switch
            {
                404 => "amqp:not-found",
                409 => "com.microsoft:entity-already-exists",
                403 => "amqp:resource-limit-exceeded",
                503 => "com.microsoft:server-busy",
                _ => "com.microsoft:argument-error",
            },
            error.Message);

    private static RuleDescription ReadRule(RequestBody body)
    {
        var description = new RequestBody(body.Map("rule-description")
            ?? throw new RequestFormatException("The request lacks 'rule-description'."));
        var sql = description.Map("sql-filter");
        var correlation = description.Map("correlation-filter");
        var action = description.Map("sql-rule-action");
        return new RuleDescription
        {
            Name = body.Text("rule-name"),
            Filter = (sql, correlation) switch
            {
                (not null, _) => FilterKind.Sql,
                (_, not null) => FilterKind.Correlation,
                _ => FilterKind.True,
            },
            SqlExpression = sql is null ? null : new RequestBody(sql).Text("expression"),
            Correlation = correlation is null ? null : ReadFields(new RequestBody(correlation)),
            ActionExpression = action is null ? null : new RequestBody(action)["expression"] as string,
        };
    }

    private static CorrelationFields ReadFields(RequestBody fields) => new()
    {
        CorrelationId = fields["correlation-id"] as string,
        MessageId = fields["message-id"] as string,
        To = fields["to"] as string,
        ReplyTo = fields["reply-to"] as string,
        Label = fields["label"] as string,
        SessionId = fields["session-id"] as string,
        ReplyToSessionId = fields["reply-to-session-id"] as string,
        ContentType = fields["content-type"] as string,
        Properties = (fields.Map("properties") ?? []).ToDictionary(
            pair => pair.Key.ToString() ?? "", pair => ToTyped(pair.Value)),
    };

    private static TypedValue ToTyped(object? value) => value switch
    {
        bool flag => new TypedValue("boolean", flag ? "true" : "false"),
        int number => new TypedValue("int", number.ToString(CultureInfo.InvariantCulture)),
        long number => new TypedValue("long", number.ToString(CultureInfo.InvariantCulture)),
        double number => new TypedValue("double", number.ToString("R", CultureInfo.InvariantCulture)),
        DateTime time => new TypedValue("dateTime", time.ToString("O", CultureInfo.InvariantCulture)),
        _ => new TypedValue("string", value?.ToString() ?? ""),
    };

    private static RequestAnswer Enumerate(SubscriptionNode subscription, RequestBody body)
    {
        var skip = (int)body.Number("skip", otherwise: 0);
        var top = (int)Math.Clamp(body.Number("top", otherwise: MaxPage), 1, MaxPage);
        var rules = new List();
        foreach (var rule in subscription.Rules.Skip(skip).Take(top))
        {
            rules.Add(new Map { ["rule-description"] = Describe(rule.Description) });
        }

        return rules.Count == 0
            ? new RequestAnswer(204, "No rules", null, null)
            : RequestAnswer.Ok(new Map { ["rules"] = rules });
    }

    private static DescribedValue Describe(RuleDescription rule)
    {
        var action = rule.ActionExpression is { Length: > 0 } expression
            ? new DescribedValue(SqlActionCode, new List { expression, CompatibilityLevel })
            : new DescribedValue(EmptyActionCode, new List());
        return new DescribedValue(
            RuleCode, new List { DescribeFilter(rule), action, rule.Name, rule.CreatedAt.UtcDateTime });
    }

    private static DescribedValue DescribeFilter(RuleDescription rule) => rule.Filter switch
    {
        FilterKind.True => new DescribedValue(TrueFilterCode, new List()),
        FilterKind.False => new DescribedValue(FalseFilterCode, new List()),
        FilterKind.Sql => new DescribedValue(SqlFilterCode, new List { rule.SqlExpression, CompatibilityLevel }),
        _ => DescribeFields(rule.Correlation ?? new CorrelationFields()),
    };

    private static DescribedValue DescribeFields(CorrelationFields fields)
    {
        var properties = new Map();
        foreach (var (name, value) in fields.Properties)
        {
            properties[name] = value.ToValue();
        }

        return new DescribedValue(CorrelationFilterCode, new List
        {
            fields.CorrelationId, fields.MessageId, fields.To, fields.ReplyTo, fields.Label, fields.SessionId,
            fields.ReplyToSessionId, fields.ContentType, properties,
        });
    }
}
