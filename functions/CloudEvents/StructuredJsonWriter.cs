// Writes the JSON event format, data untouched where its media type allows it.
using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// JSON data goes in as the bytes it is, UTF-8 text as a string, everything else as <c>data_base64</c>.
/// </summary>
internal static class StructuredJsonWriter
{
    public static ReadOnlyMemory<byte> Write(CloudEvent cloudEvent, AttributeName except)
    {
        var buffer = new ArrayBufferWriter<byte>(cloudEvent.Data.Length + 512);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartObject();
        foreach (var (name, text) in cloudEvent.Attributes)
        {
            if (name != except)
            {
                writer.WriteString(name.Text, text);
            }
        }

        var data = cloudEvent.Data.Span;
        var contentType = cloudEvent.DataContentType;
        if (data.IsEmpty)
        {
            // No data at all; an empty string would be data.
        }
        else if (contentType is not null && MediaTypes.IsJson(contentType) && IsJsonValue(data))
        {
            writer.WritePropertyName("data");
            writer.WriteRawValue(data, skipInputValidation: true);
        }
        else if (contentType is not null && MediaTypes.IsUtf8Text(contentType) && Utf8.IsValid(data))
        {
            writer.WriteString("data", data);
        }
        else
        {
            writer.WriteBase64String("data_base64", data);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    // Data that only claims to be JSON must not break the envelope around it.
    private static bool IsJsonValue(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 1000 });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
