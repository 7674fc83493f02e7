// A value of a configuration file with the line it stands on.
using System.Globalization;
using System.Text.Json;
using System.Xml;

namespace ServerlessEventing.Local.ServiceBus.Configuration;

/// <summary>JSON with comments and trailing commas; each value knows its line, so a complaint can name it.</summary>
internal sealed class ConfigNode
{
    private const int MaxDepth = 32;
    private readonly string _name;
    private readonly string? _text;
    private readonly Dictionary<string, ConfigNode>? _members;
    private readonly List<ConfigNode>? _items;

    private ConfigNode(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, string name)
    {
        _name = name;
        Line = 1 + text[..(int)reader.TokenStartIndex].Count((byte)'\n');
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                _members = ReadMembers(ref reader, text);
                break;
            case JsonTokenType.StartArray:
                _items = ReadItems(ref reader, text);
                break;
            case JsonTokenType.Null:
                break;
            case JsonTokenType.String:
                _text = reader.GetString();
                break;
            default:
                _text = System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
                break;
        }
    }

    public int Line { get; }

    /// <summary>Throws <see cref="ConfigException"/> for text that is no JSON.</summary>
    public static ConfigNode Parse(ReadOnlySpan<byte> text)
    {
        var bom = "\uFEFF"u8;
        text = text.StartsWith(bom) ? text[bom.Length..] : text;
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
                MaxDepth = MaxDepth,
            });
            reader.Read();
            var root = new ConfigNode(ref reader, text, "the file");
            reader.Read();
            return root;
        }
        catch (JsonException problem)
        {
            throw new ConfigException((int)(problem.LineNumber ?? 0) + 1, problem.Message);
        }
    }

    /// <summary>All members; any but the known ones is an error, most likely a typing mistake.</summary>
    public ConfigNode Knows(params ReadOnlySpan<string> names)
    {
        foreach (var (name, member) in Members)
        {
            if (!names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new ConfigException(
                    member.Line, $"'{name}' is not known in {_name}; known are {string.Join(", ", names)}.");
            }
        }

        return this;
    }

    /// <summary>The member, or null when it is missing or null.</summary>
    public ConfigNode? Member(string name) =>
        Members.GetValueOrDefault(name) is { } member
            && (member._text ?? (object?)member._items ?? member._members) is not null
            ? member
            : null;

    public ConfigNode Needs(string name) =>
        Member(name) ?? throw new ConfigException(Line, $"'{name}' is missing in {_name}.");

    public List<ConfigNode> Items(string name) => Member(name) switch
    {
        null => [],
        { _items: { } items } => items,
        var other => throw new ConfigException(other.Line, $"'{name}' must be a list."),
    };

    public string Text => _text ?? throw new ConfigException(Line, $"'{_name}' must be a text.");

    public string? TextOf(string name) => Member(name) is { } member && member.Text.Length > 0 ? member.Text : null;

    public bool Flag(string name) => Member(name) is { } member
        && (bool.TryParse(member.Text, out var flag)
            ? flag
            : throw new ConfigException(member.Line, $"'{name}' must be true or false, not '{member.Text}'."));

    public int Number(string name, int otherwise) => Member(name) is not { } member
        ? otherwise
        : int.TryParse(member.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ConfigException(member.Line, $"'{name}' must be a whole number, not '{member.Text}'.");

    public TimeSpan Duration(string name, TimeSpan otherwise)
    {
        if (Member(name) is not { } member)
        {
            return otherwise;
        }

        try
        {
            return XmlConvert.ToTimeSpan(member.Text);
        }
        catch (Exception problem) when (problem is FormatException or OverflowException)
        {
            throw new ConfigException(
                member.Line, $"'{name}' must be a duration like PT30S or PT5M, not '{member.Text}'.");
        }
    }

    public IReadOnlyDictionary<string, ConfigNode> Members =>
        _members ?? throw new ConfigException(Line, $"{_name} must be an object.");

    private static Dictionary<string, ConfigNode> ReadMembers(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        var members = new Dictionary<string, ConfigNode>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var member = new ConfigNode(ref reader, text, name);
            if (!members.TryAdd(name, member))
            {
                throw new ConfigException(member.Line, $"'{name}' is given twice.");
            }
        }

        return members;
    }

    private List<ConfigNode> ReadItems(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        var items = new List<ConfigNode>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(new ConfigNode(ref reader, text, $"an item of {_name}"));
        }

        return items;
    }
}
