// Reads the schemas of the built-in kinds from builtin-schemas.txt.
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>One compact text drives explain, unknown-field checks, strategic patches and field ownership.</summary>
public sealed class BuiltinSchemas
{
    private static readonly BuiltinSchemas Loaded = new();

    private readonly Dictionary<string, (string Head, List<string> Fields)> texts = [];
    private readonly Dictionary<string, Schema> built = [];

    private BuiltinSchemas()
    {
        using var stream = typeof(BuiltinSchemas).Assembly.GetManifestResourceStream("builtin-schemas.txt")
            ?? throw new InvalidOperationException("builtin-schemas.txt is not embedded in the assembly.");
        using var reader = new StreamReader(stream);
        List<string> fields = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("type ", StringComparison.Ordinal))
            {
                fields = [];
                var name = line.Split(' ')[1];
                texts[name] = (line, fields);
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                fields.Add(line.Trim());
            }
        }
    }

    /// <summary>metadata, for every kind.</summary>
    public static Schema Metadata { get; } = Loaded.Named("ObjectMeta");

    public static Schema Of(string group, string kind) =>
        Loaded.texts.ContainsKey($"{kind}.{group}") ? Loaded.Named($"{kind}.{group}") : Loaded.Named(kind);

    private Schema Named(string name)
    {
        if (built.TryGetValue(name, out var known))
        {
            return known;
        }

        var (head, lines) = texts[name];
        var properties = new Dictionary<string, Schema>();
        var required = new List<string>();
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var bar = line.IndexOf('|', StringComparison.Ordinal);
            var field = line[..colon];
            var type = (bar < 0 ? line[(colon + 1)..] : line[(colon + 1)..bar]).Trim();
            if (type.EndsWith('!'))
            {
                required.Add(field);
            }

            properties[field] = OfType(type.TrimEnd('!'), bar < 0 ? "" : line[(bar + 1)..].Trim());
        }

        var about = head.IndexOf('|', StringComparison.Ordinal);
        return built[name] = new Schema
        {
            Type = "object",
            Description = about < 0 ? "" : head[(about + 1)..].Trim(),
            KeepUnknown = head.Split(' ') is [_, _, "open", ..],
            Properties = properties,
            Required = required,
        };
    }

    private Schema OfType(string type, string description)
    {
        if (type.StartsWith('['))
        {
            return ListOf(type[1..^1], description);
        }

        if (type.StartsWith("map<", StringComparison.Ordinal))
        {
            return new Schema { Type = "object", Description = description, Additional = OfType(type[4..^1], "") };
        }

        return type switch
        {
            "string" => new Schema { Type = "string", Description = description },
            "time" => new Schema { Type = "string", Format = "date-time", Description = description, Nullable = true },
            "bool" => new Schema { Type = "boolean", Description = description },
            "int32" or "int64" => new Schema { Type = "integer", Format = type, Description = description },
            "number" => new Schema { Type = "number", Description = description },
            "intOrString" or "quantity" => new Schema { IntOrString = true, Description = description },
            "any" => new Schema { KeepUnknown = true, Description = description },
            _ => Described(Named(type), description),
        };
    }

    private Schema ListOf(string inner, string description)
    {
        var words = inner.Split(' ');
        var keys = words.Length > 1 && words[1].StartsWith("key=", StringComparison.Ordinal)
            ? words[1][4..].Split(',')
            : [];
        return new Schema
        {
            Type = "array",
            Description = description,
            Items = OfType(words[0], ""),
            ListKind = keys.Length > 0 ? ListKind.Map : words is [_, "set"] ? ListKind.Set : ListKind.Atomic,
            ListKeys = keys,
        };
    }

    private static Schema Described(Schema named, string description) => new()
    {
        Type = named.Type,
        Description = description,
        KeepUnknown = named.KeepUnknown,
        Properties = named.Properties,
        Required = named.Required,
    };
}
