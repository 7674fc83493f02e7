// Reads what the Functions host posts for a Service Bus message: {"Data":{…},"Metadata":{…}}.
using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ServerlessEventing.Functions.Delivery;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// Source: azure-functions-host <c>ScriptInvocationContextExtensions.GetHttpScriptInvocationContextValue</c>. With
/// <c>dataType: binary</c> the data is plain base64; scalars of the metadata are JSON inside a JSON string
/// (<c>"DeliveryCount":"1"</c>, <c>"ContentType":"\"text/plain\""</c>), objects are objects. Both forms are read.
/// </summary>
internal static class InvocationEnvelope
{
    private const int MaxNameLength = 512;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    /// <summary>Reads the envelope; the data is decoded in place, so <paramref name="envelope"/> is used up.</summary>
    public static bool TryRead(
        Memory<byte> envelope,
        string lane,
        [NotNullWhen(true)] out InboundMessage? message,
        [NotNullWhen(false)] out string? error)
    {
        message = null;
        var parts = new Parts();
        try
        {
            var reader = new Utf8JsonReader(envelope.Span, Options);
            error = ReadEnvelope(ref reader, parts);
        }
        catch (JsonException e)
        {
            error = $"The invocation is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.";
        }

        if (error is not null)
        {
            return false;
        }

        var data = envelope.Slice(parts.DataStart, parts.DataLength);
        if (Base64.DecodeFromUtf8InPlace(data.Span, out var length) != OperationStatus.Done)
        {
            error = "Data is not base64; the binding in function.json must say \"dataType\": \"binary\".";
            return false;
        }

        message = parts.Properties.Build(
            lane, parts.SequenceNumber, parts.DeliveryCount, parts.ContentType, data[..length]);
        return true;
    }

    private static string? ReadEnvelope(ref Utf8JsonReader reader, Parts parts)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "The invocation is not a JSON object.";
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("Data"u8))
            {
                if (ReadData(ref reader, parts) is { } error)
                {
                    return error;
                }
            }
            else if (reader.ValueTextEquals("Metadata"u8))
            {
                ReadMetadata(ref reader, parts);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return parts.HasData ? null : "The invocation has no Data; is the function a Service Bus trigger?";
    }

    // One binding, whatever its name.
    private static string? ReadData(ref Utf8JsonReader reader, Parts parts)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                return "Data is not a string; the binding must be a Service Bus trigger with cardinality one.";
            }

            if (reader.ValueIsEscaped)
            {
                return "Data is not base64; the binding in function.json must say \"dataType\": \"binary\".";
            }

            parts.HasData = true;
            parts.DataStart = (int)reader.TokenStartIndex + 1;
            parts.DataLength = reader.ValueSpan.Length;
        }

        return null;
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Parts parts)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("ApplicationProperties"u8))
            {
                reader.Read();
                ReadProperties(ref reader, parts.Properties);
            }
            else if (reader.ValueTextEquals("DeliveryCount"u8))
            {
                parts.DeliveryCount = (int)Math.Clamp(ReadNumber(ref reader, 1), 0, int.MaxValue);
            }
            else if (reader.ValueTextEquals("SequenceNumber"u8))
            {
                parts.SequenceNumber = ReadNumber(ref reader, -1);
            }
            else if (reader.ValueTextEquals("ContentType"u8))
            {
                parts.ContentType = ReadText(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static void ReadProperties(ref Utf8JsonReader reader, InboundMessageBuilder properties)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            var inner = new Utf8JsonReader(Encoding.UTF8.GetBytes(reader.GetString()!), Options);
            if (inner.Read() && inner.TokenType == JsonTokenType.StartObject)
            {
                ReadProperties(ref inner, properties);
            }

            return;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        Span<char> buffer = stackalloc char[MaxNameLength];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // A longer name is none that any of us writes.
            var fits = reader.ValueSpan.Length <= MaxNameLength;
            ReadOnlySpan<char> name = fits ? buffer[..reader.CopyString(buffer)] : default;
            reader.Read();
            if (!fits)
            {
                reader.Skip();
                continue;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    properties.AddText(name, reader.GetString()!);
                    break;
                case JsonTokenType.Number when reader.TryGetInt64(out var number):
                    properties.AddNumber(name, number);
                    break;
                case JsonTokenType.Number:
                    properties.Add(name.ToString(), reader.GetDouble());
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    properties.Add(name.ToString(), reader.GetBoolean());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private static long ReadNumber(ref Utf8JsonReader reader, long otherwise)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.TryGetInt64(out var number) ? number : otherwise;
        }

        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return otherwise;
        }

        var text = reader.GetString().AsSpan().Trim('"');
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;
    }

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        var text = reader.GetString()!;
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"')
        {
            return text;
        }

        if (!text.Contains('\\'))
        {
            return text[1..^1];
        }

        try
        {
            var inner = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
            return inner.Read() ? inner.GetString() : text;
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private sealed class Parts
    {
        public InboundMessageBuilder Properties { get; } = new();

        public bool HasData { get; set; }

        public int DataStart { get; set; }

        public int DataLength { get; set; }

        public int DeliveryCount { get; set; } = 1;

        public long SequenceNumber { get; set; } = -1;

        public string? ContentType { get; set; }
    }
}
