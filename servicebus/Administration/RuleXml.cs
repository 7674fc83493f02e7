// Rules as XML, with the typed values of their properties.
using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Writes and reads descriptions of rules.</summary>
internal static class RuleXml
{
    private const string SqlCompatibility = "20";

    private static readonly (string Element, Func<CorrelationRuleFilter, string?> Get,
        Action<CorrelationRuleFilter, string?> Set)[] SystemProperties =
    [
        ("CorrelationId", filter => filter.CorrelationId, (filter, value) => filter.CorrelationId = value),
        ("MessageId", filter => filter.MessageId, (filter, value) => filter.MessageId = value),
        ("To", filter => filter.To, (filter, value) => filter.To = value),
        ("ReplyTo", filter => filter.ReplyTo, (filter, value) => filter.ReplyTo = value),
        ("Label", filter => filter.Subject, (filter, value) => filter.Subject = value),
        ("SessionId", filter => filter.SessionId, (filter, value) => filter.SessionId = value),
        ("ReplyToSessionId", filter => filter.ReplyToSessionId, (filter, value) => filter.ReplyToSessionId = value),
        ("ContentType", filter => filter.ContentType, (filter, value) => filter.ContentType = value),
    ];

    public static XElement Write(RuleProperties rule, string elementName = "RuleDescription") => new(
        AtomNames.ServiceBus + elementName,
        WriteFilter(rule.Filter),
        rule.Action is SqlRuleAction action
            ? Typed(
                "Action",
                "SqlRuleAction",
                new XElement(AtomNames.ServiceBus + "SqlExpression", action.SqlExpression),
                new XElement(AtomNames.ServiceBus + "CompatibilityLevel", SqlCompatibility),
                Values("Parameters", action.Parameters))
            : Typed("Action", "EmptyRuleAction"),
        new XElement(AtomNames.ServiceBus + "Name", rule.Name));

    public static RuleProperties Read(AtomEntry entry) => new(entry.Title)
    {
        Filter = ReadFilter(entry.Description.Element(AtomNames.ServiceBus + "Filter")),
        Action = ReadAction(entry.Description.Element(AtomNames.ServiceBus + "Action")),
    };

    private static XElement WriteFilter(RuleFilter filter) => filter switch
    {
        TrueRuleFilter or FalseRuleFilter => Typed(
            "Filter",
            filter is TrueRuleFilter ? "TrueFilter" : "FalseFilter",
            new XElement(AtomNames.ServiceBus + "SqlExpression", ((SqlRuleFilter)filter).SqlExpression),
            new XElement(AtomNames.ServiceBus + "CompatibilityLevel", SqlCompatibility)),
        SqlRuleFilter sql => Typed(
            "Filter",
            "SqlFilter",
            new XElement(AtomNames.ServiceBus + "SqlExpression", sql.SqlExpression),
            new XElement(AtomNames.ServiceBus + "CompatibilityLevel", SqlCompatibility),
            Values("Parameters", sql.Parameters)),
        CorrelationRuleFilter correlation => Typed(
            "Filter",
            "CorrelationFilter",
            SystemProperties
                .Where(property => property.Get(correlation) is not null)
                .Select(property => new XElement(AtomNames.ServiceBus + property.Element, property.Get(correlation))),
            Values("Properties", correlation.ApplicationProperties)),
        _ => throw new NotSupportedException($"{filter.GetType().Name} is not a filter of Service Bus."),
    };

    private static RuleFilter ReadFilter(XElement? element)
    {
        var expression = element?.Element(AtomNames.ServiceBus + "SqlExpression")?.Value;
        switch (TypeOf(element))
        {
            case "FalseFilter":
                return new FalseRuleFilter();
            case "SqlFilter" when !string.IsNullOrWhiteSpace(expression):
                var sql = new SqlRuleFilter(expression);
                ReadValues(element!.Element(AtomNames.ServiceBus + "Parameters"), sql.Parameters);
                return sql;
            case "CorrelationFilter":
                var correlation = new CorrelationRuleFilter();
                foreach (var property in SystemProperties)
                {
                    property.Set(correlation, element!.Element(AtomNames.ServiceBus + property.Element)?.Value);
                }

                ReadValues(element!.Element(AtomNames.ServiceBus + "Properties"), correlation.ApplicationProperties);
                return correlation;
            default:
                return new TrueRuleFilter();
        }
    }

    private static SqlRuleAction? ReadAction(XElement? element)
    {
        var expression = element?.Element(AtomNames.ServiceBus + "SqlExpression")?.Value;
        if (TypeOf(element) != "SqlRuleAction" || string.IsNullOrWhiteSpace(expression))
        {
            return null;
        }

        var action = new SqlRuleAction(expression);
        ReadValues(element!.Element(AtomNames.ServiceBus + "Parameters"), action.Parameters);
        return action;
    }

    private static XElement Typed(string name, string type, params object?[] content) => new(
        AtomNames.ServiceBus + name,
        new XAttribute(XNamespace.Xmlns + "i", AtomNames.Instance.NamespaceName),
        new XAttribute(AtomNames.Instance + "type", type),
        content);

    private static XElement? Values(string name, IDictionary<string, object> values) => values.Count == 0
        ? null
        : new(
            AtomNames.ServiceBus + name,
            values.Select(entry => new XElement(
                AtomNames.ServiceBus + "KeyValueOfstringanyType",
                new XElement(AtomNames.ServiceBus + "Key", entry.Key),
                WriteValue(entry.Key, entry.Value))));

    private static XElement WriteValue(string key, object value)
    {
        var (type, text) = value switch
        {
            string s => ("string", s),
            int i => ("int", XmlConvert.ToString(i)),
            long l => ("long", XmlConvert.ToString(l)),
            bool b => ("boolean", XmlConvert.ToString(b)),
            double d => ("double", XmlConvert.ToString(d)),
            DateTime time => ("dateTime", Utc(time)),
            DateTimeOffset time => ("dateTime", Utc(time.UtcDateTime)),
            _ => throw new ArgumentException(
                $"The value of '{key}' is a {value.GetType().Name}; "
                + "rules take string, int, long, bool, double, DateTime."),
        };
        return new(
            AtomNames.ServiceBus + "Value",
            new XAttribute(XNamespace.Xmlns + "i", AtomNames.Instance.NamespaceName),
            new XAttribute(XNamespace.Xmlns + "l28", AtomNames.Schema.NamespaceName),
            new XAttribute(AtomNames.Instance + "type", $"l28:{type}"),
            text);
    }

    private static string Utc(DateTime time) => XmlConvert.ToString(time, XmlDateTimeSerializationMode.Utc);

    private static void ReadValues(XElement? element, IDictionary<string, object> values)
    {
        foreach (var entry in element?.Elements(AtomNames.ServiceBus + "KeyValueOfstringanyType") ?? [])
        {
            var value = entry.Element(AtomNames.ServiceBus + "Value");
            if (entry.Element(AtomNames.ServiceBus + "Key")?.Value is { } key && value is not null)
            {
                values[key] = ReadValue(TypeOf(value), value.Value);
            }
        }
    }

    private static object ReadValue(string? type, string text) => type switch
    {
        "int" => int.Parse(text, CultureInfo.InvariantCulture),
        "long" => long.Parse(text, CultureInfo.InvariantCulture),
        "boolean" => XmlConvert.ToBoolean(text.ToLowerInvariant()),
        "double" or "decimal" or "float" => XmlConvert.ToDouble(text),
        "dateTime" => XmlConvert.ToDateTime(text, XmlDateTimeSerializationMode.Utc),
        _ => text,
    };

    // "d6p1:string" → "string"; the prefix is the writer's choice.
    private static string? TypeOf(XElement? element) =>
        element?.Attribute(AtomNames.Instance + "type")?.Value.Split(':')[^1];
}
