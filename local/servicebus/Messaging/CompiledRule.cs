// A rule with its filter and action parsed.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Ready to be asked; compiling throws <see cref="RuleSyntaxException"/> for text that is no rule.</summary>
internal sealed class CompiledRule
{
    private CompiledRule(long id, RuleDescription description, RuleFilter filter, SqlAction? action)
    {
        Id = id;
        Description = description;
        Filter = filter;
        Action = action;
    }

    public long Id { get; }

    public RuleDescription Description { get; }

    public RuleFilter Filter { get; }

    public SqlAction? Action { get; }

    public static CompiledRule Compile(long id, RuleDescription description)
    {
        RuleFilter filter = description.Filter switch
        {
            FilterKind.True => TrueFilter.Instance,
            FilterKind.False => FalseFilter.Instance,
            FilterKind.Sql => SqlFilter.Parse(description.SqlExpression ?? "1=1"),
            _ => FromFields(description.Correlation ?? new CorrelationFields()),
        };
        var action = string.IsNullOrWhiteSpace(description.ActionExpression)
            ? null
            : SqlAction.Parse(description.ActionExpression);
        return new CompiledRule(id, description, filter, action);
    }

    private static CorrelationFilter FromFields(CorrelationFields fields) => new()
    {
        CorrelationId = fields.CorrelationId,
        MessageId = fields.MessageId,
        To = fields.To,
        ReplyTo = fields.ReplyTo,
        Label = fields.Label,
        SessionId = fields.SessionId,
        ReplyToSessionId = fields.ReplyToSessionId,
        ContentType = fields.ContentType,
        Properties = fields.Properties.ToDictionary(pair => pair.Key, pair => (object?)pair.Value.ToValue()),
    };
}
