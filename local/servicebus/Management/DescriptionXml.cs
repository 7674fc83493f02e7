// Reads the descriptions that management clients send.
using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ServerlessEventing.Local.ServiceBus.Entities;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>A body that is no description, or has a value that is none; the message names the element.</summary>
internal sealed class DescriptionFormatException(string message) : Exception(message);

/// <summary>
/// A description element and its values by name. What a request leaves out keeps the value it is given as "otherwise".
/// </summary>
internal sealed class DescriptionXml(XElement root)
{
    private const long MaxCharacters = 1024 * 1024;
    private const int MaxDepth = 64;

    /// <summary>QueueDescription, TopicDescription, SubscriptionDescription or RuleDescription.</summary>
    public string Kind => root.Name.LocalName;

    public static async Task<DescriptionXml> LoadAsync(Stream body, CancellationToken cancellationToken)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            MaxCharactersInDocument = MaxCharacters,
        };
        using var bytes = new MemoryStream();
        await body.CopyToAsync(bytes, cancellationToken);
        var document = Parse(bytes, settings);
        var content = document.Descendants().FirstOrDefault(element => element.Name.LocalName == "content");
        return content?.Elements().FirstOrDefault() is { } description
            ? new DescriptionXml(description)
            : throw new DescriptionFormatException("The body must be an ATOM entry whose content is a description.");
    }

    // Building a tree takes time that grows with the square of its depth, so the depth is looked at first.
    private static XDocument Parse(MemoryStream bytes, XmlReaderSettings settings)
    {
        try
        {
            bytes.Position = 0;
            using (var scan = XmlReader.Create(bytes, settings))
            {
                while (scan.Read())
                {
                    if (scan.Depth > MaxDepth)
                    {
                        throw new DescriptionFormatException($"The body is nested more than {MaxDepth} deep.");
                    }
                }
            }

            bytes.Position = 0;
            using var reader = XmlReader.Create(bytes, settings);
            return XDocument.Load(reader);
        }
        catch (ArgumentException problem)
        {
            // Bytes that are no text in the encoding they claim.
            throw new DescriptionFormatException($"The body is not well-formed XML: {problem.Message}");
        }
    }

    public string? Text(string name) => Child(root, name) is { Value.Length: > 0 } element ? element.Value : null;

    /// <summary>An entity name out of a forwarding address.</summary>
    public string? Forward(string name) => Text(name) is { } address ? EntityPath.Strip(address) : null;

    public bool Flag(string name, bool otherwise) => Read(name, otherwise, XmlConvert.ToBoolean);

    public int Number(string name, int otherwise) => Read(name, otherwise, XmlConvert.ToInt32);

    public long Number(string name, long otherwise) => Read(name, otherwise, XmlConvert.ToInt64);

    public TimeSpan Duration(string name, TimeSpan otherwise) => Read(name, otherwise, ToDuration);

    public EntityStatus Status(EntityStatus otherwise) =>
        Read("Status", otherwise, text => Enum.TryParse<EntityStatus>(text, ignoreCase: true, out var status)
            ? status
            : throw new FormatException("Active, Disabled, SendDisabled or ReceiveDisabled is expected."));

    /// <summary>The rule that comes with a new subscription; without one everything passes.</summary>
    public RuleDescription FirstRule() => Child(root, "DefaultRuleDescription") is { } rule
        ? ReadRule(rule, Child(rule, "Name")?.Value ?? RuleDescription.DefaultName)
        : new RuleDescription { Name = RuleDescription.DefaultName, Filter = FilterKind.True };

    public RuleDescription Rule(string name) => ReadRule(root, name);

    private static RuleDescription ReadRule(XElement rule, string name)
    {
        var filter = Child(rule, "Filter");
        var kind = TypeOf(filter) switch
        {
            null or "TrueFilter" => FilterKind.True,
            "FalseFilter" => FilterKind.False,
            "SqlFilter" => FilterKind.Sql,
            "CorrelationFilter" => FilterKind.Correlation,
            var other => throw new DescriptionFormatException($"Filter: the type '{other}' is not known."),
        };
        var action = Child(rule, "Action");
        return new RuleDescription
        {
            Name = name,
            Filter = kind,
            SqlExpression = kind == FilterKind.Sql
                ? Value(filter, "SqlExpression")
                    ?? throw new DescriptionFormatException("Filter: a SqlFilter needs a SqlExpression.")
                : null,
            Correlation = kind == FilterKind.Correlation ? ReadFields(filter!) : null,
            ActionExpression = TypeOf(action) == "SqlRuleAction" ? Value(action, "SqlExpression") : null,
        };
    }

    private static CorrelationFields ReadFields(XElement filter) => new()
    {
        CorrelationId = Value(filter, "CorrelationId"),
        MessageId = Value(filter, "MessageId"),
        To = Value(filter, "To"),
        ReplyTo = Value(filter, "ReplyTo"),
        Label = Value(filter, "Label"),
        SessionId = Value(filter, "SessionId"),
        ReplyToSessionId = Value(filter, "ReplyToSessionId"),
        ContentType = Value(filter, "ContentType"),
        Properties = (Child(filter, "Properties")?.Elements() ?? []).ToDictionary(
            pair => Value(pair, "Key") ?? throw new DescriptionFormatException("Properties: a Key is missing."),
            pair => new TypedValue(
                TypeOf(Child(pair, "Value")) ?? "string", Child(pair, "Value")?.Value ?? ""),
            StringComparer.Ordinal),
    };

    private T Read<T>(string name, T otherwise, Func<string, T> parse)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        try
        {
            return parse(text);
        }
        catch (Exception problem) when (problem is FormatException or OverflowException)
        {
            throw new DescriptionFormatException($"{name}: '{text}' is not valid. {problem.Message}");
        }
    }

    private static TimeSpan ToDuration(string text)
    {
        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (OverflowException)
        {
            // Some clients round the longest duration up.
            return TimeSpan.MaxValue;
        }
    }

    /// <summary>The type attribute without its prefix, whatever the prefix.</summary>
    private static string? TypeOf(XElement? element)
    {
        var type = element?.Attributes().FirstOrDefault(attribute => attribute.Name.LocalName == "type")?.Value;
        return type?[(type.IndexOf(':') + 1)..];
    }

    private static XElement? Child(XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name);

    private static string? Value(XElement? element, string name) =>
        element is not null && Child(element, name) is { } child ? child.Value : null;
}
