// Writes metadata values, unless the body's own properties overwrite them (the trap of text bodies).
using System.Text;
using System.Text.Json;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>One invocation's metadata; <paramref name="body"/> is null where the body cannot interfere.</summary>
internal readonly struct MetadataWriter(Utf8JsonWriter writer, BodyProperties? body)
{
    public Utf8JsonWriter Writer => writer;

    /// <summary>True when the body had a property of that name, which has then been written in its stead.</summary>
    public bool IsOverwritten(ReadOnlySpan<byte> name) =>
        body is not null && body.TryWriteInstead(writer, Encoding.UTF8.GetString(name));

    public void Empty(ReadOnlySpan<byte> name)
    {
        if (!IsOverwritten(name))
        {
            writer.WriteStartObject(name);
            writer.WriteEndObject();
        }
    }

    public void String(ReadOnlySpan<byte> name, string? value)
    {
        if (!IsOverwritten(name) && value is not null)
        {
            ContractJson.NestedString(writer, name, value);
        }
    }

    public void Number(ReadOnlySpan<byte> name, long value)
    {
        if (!IsOverwritten(name))
        {
            ContractJson.NestedNumber(writer, name, value);
        }
    }

    public void Date(ReadOnlySpan<byte> name, DateTimeOffset value, bool withZone)
    {
        if (!IsOverwritten(name))
        {
            ContractJson.Date(writer, name, value, withZone);
        }
    }

    public void Object(ReadOnlySpan<byte> name, IReadOnlyDictionary<string, object> values)
    {
        if (IsOverwritten(name))
        {
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (key, value) in values)
        {
            writer.WritePropertyName(key);
            ContractJson.Typed(writer, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>The body's properties that overwrote nothing come last.</summary>
    public void Rest() => body?.WriteRest(writer);
}
