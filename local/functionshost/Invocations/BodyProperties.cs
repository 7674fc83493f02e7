// The top-level properties of a text body that is a JSON object: the real host copies them into the metadata.
using System.Text;
using System.Text.Json;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>
/// With a text body the sender can so replace MessageId, DeliveryCount and the like. Reproduced because a handler
/// must be seen to withstand it; with <c>"dataType": "binary"</c> it does not happen.
/// </summary>
internal sealed class BodyProperties
{
    private readonly List<KeyValuePair<string, JsonElement>> properties;

    private BodyProperties(List<KeyValuePair<string, JsonElement>> properties) => this.properties = properties;

    /// <summary>Null when the text is no JSON object.</summary>
    public static BodyProperties? Read(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{"))
        {
            return null;
        }

        try
        {
            var found = new List<KeyValuePair<string, JsonElement>>();
            foreach (var property in JsonElement.Parse(text).EnumerateObject())
            {
                // Arrays and nulls are passed over, and so is any key that ends as trigger data does.
                if (property.Value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null)
                    && !property.Name.EndsWith("trigger", StringComparison.OrdinalIgnoreCase))
                {
                    found.Add(new(property.Name, property.Value));
                }
            }

            return new(found);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public bool TryWriteInstead(Utf8JsonWriter writer, string name)
    {
        var index = properties.FindIndex(item => item.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
        {
            return false;
        }

        Write(writer, name, properties[index].Value);
        properties.RemoveAt(index);
        return true;
    }

    public void WriteRest(Utf8JsonWriter writer)
    {
        foreach (var (name, value) in properties)
        {
            Write(writer, name, value);
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            writer.WritePropertyName(name);
            value.WriteTo(writer);
            return;
        }

        var text = value.ValueKind switch
        {
            JsonValueKind.True => "True",
            JsonValueKind.False => "False",
            JsonValueKind.String => value.GetString()!,
            _ => value.GetRawText(),
        };
        ContractJson.NestedString(writer, Encoding.UTF8.GetBytes(name), text);
    }
}
