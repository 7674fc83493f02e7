// Reads the JSON event format: attributes decoded, data cut out of the bytes without being parsed.
using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. Data is tokenised only to find
/// its end: JSON data stays the very bytes that came, a JSON string of another media type is unescaped.
/// </summary>
internal static class StructuredJson
{
    private const int UsualAttributes = 10;
    private const int MaxNameLength = 256;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1000 };

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public static bool TryRead(
        ReadOnlyMemory<byte> utf8,
        [NotNullWhen(true)] out CloudEvent? cloudEvent,
        [NotNullWhen(false)] out EventFault? fault)
    {
        cloudEvent = null;
        utf8 = utf8.Span.StartsWith(ByteOrderMark) ? utf8[ByteOrderMark.Length..] : utf8;
        var attributes = new List<EventAttribute>(UsualAttributes);
        DataSlice data;
        try
        {
            var reader = new Utf8JsonReader(utf8.Span, Options);
            fault = ReadMembers(ref reader, attributes, out data);
        }
        catch (JsonException e)
        {
            // The reader has no other way to say it; the position is all that is kept of the text.
            fault = new($"The body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
            return false;
        }

        if (fault is not null)
        {
            return false;
        }

        return TryTakeData(utf8, data, attributes, out var bytes, out fault)
            && CloudEvent.TryCreate(attributes, bytes, out cloudEvent, out fault);
    }

    private static EventFault? ReadMembers(
        ref Utf8JsonReader reader, List<EventAttribute> attributes, out DataSlice data)
    {
        data = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return new("The body is not a JSON object; a structured CloudEvent is one.");
        }

        Span<char> nameBuffer = stackalloc char[MaxNameLength];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueSpan.Length > MaxNameLength)
            {
                return new($"A member's name is longer than {MaxNameLength} bytes; shorten it.");
            }

            ReadOnlySpan<char> name = nameBuffer[..reader.CopyString(nameBuffer)];
            var fault = name switch
            {
                "data" => ReadData(ref reader, base64: false, ref data),
                "data_base64" => ReadData(ref reader, base64: true, ref data),
                _ => ReadAttribute(ref reader, name, attributes),
            };
            if (fault is not null)
            {
                return fault;
            }
        }

        // The object is closed; one more read finds whatever follows it.
        reader.Read();
        return null;
    }

    private static EventFault? ReadData(ref Utf8JsonReader reader, bool base64, ref DataSlice data)
    {
        if (data.Kind != DataKind.None)
        {
            return new("data or data_base64 is given more than once; send one of them, once.", "data");
        }

        reader.Read();
        if (base64)
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                return null;
            }

            if (reader.TokenType != JsonTokenType.String)
            {
                return new("data_base64 is not a string; write the bytes as base64.", "data_base64");
            }

            data = new(DataKind.Base64, (int)reader.TokenStartIndex, (int)reader.BytesConsumed);
            return null;
        }

        var kind = reader.TokenType == JsonTokenType.String ? DataKind.String : DataKind.Other;
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        data = new(kind, start, (int)reader.BytesConsumed);
        return null;
    }

    private static EventFault? ReadAttribute(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<char> nameText, List<EventAttribute> attributes)
    {
        var name = AttributeName.Parse(nameText);
        if (name is null)
        {
            var shown = AttributeRules.Shown(nameText.ToString());
            return new($"\"{shown}\" names no attribute; names are lower-case letters and digits.", shown);
        }

        reader.Read();
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                return AttributeRules.AddTo(attributes, name, reader.GetString()!);
            case JsonTokenType.True or JsonTokenType.False when IsExtension(name):
                return AttributeRules.AddTo(attributes, name, reader.GetBoolean() ? "true" : "false");
            case JsonTokenType.Number when IsExtension(name) && reader.TryGetInt32(out var number):
                return AttributeRules.AddTo(attributes, name, number.ToString(CultureInfo.InvariantCulture));
            default:
                var allowed = IsExtension(name) ? "a string, a boolean or a 32-bit integer" : "a string";
                return new($"Attribute {name} must be {allowed}; put anything else into data.", name.Text);
        }
    }

    private static bool TryTakeData(
        ReadOnlyMemory<byte> utf8,
        DataSlice data,
        List<EventAttribute> attributes,
        out ReadOnlyMemory<byte> bytes,
        [NotNullWhen(false)] out EventFault? fault)
    {
        bytes = default;
        fault = null;
        if (data.Kind == DataKind.None)
        {
            return true;
        }

        var token = utf8[data.Start..data.End];
        if (data.Kind == DataKind.Base64)
        {
            return TryDecodeBase64(token.Span, out bytes, out fault);
        }

        var contentType = ContentTypeOf(attributes);
        if (contentType is null)
        {
            // Data without a media type is JSON (3.1.1); other bindings need it said.
            attributes.Add(new(AttributeName.DataContentType, "application/json"));
        }

        if (contentType is null || MediaTypes.IsJson(contentType))
        {
            bytes = token;
            return true;
        }

        if (data.Kind == DataKind.Other)
        {
            fault = new(
                $"data is not a string, but datacontenttype is {contentType}; send a string or data_base64.", "data");
            return false;
        }

        bytes = Unescape(token.Span);
        return true;
    }

    private static bool TryDecodeBase64(
        ReadOnlySpan<byte> token, out ReadOnlyMemory<byte> bytes, [NotNullWhen(false)] out EventFault? fault)
    {
        var text = Unescape(token);
        var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, decoded, out _, out var written) != OperationStatus.Done)
        {
            bytes = default;
            fault = new("data_base64 is not base64; encode the bytes as RFC 4648 says, with padding.", "data_base64");
            return false;
        }

        bytes = decoded.AsMemory(0, written);
        fault = null;
        return true;
    }

    // The token is a JSON string that the reader has already found to be well-formed.
    private static byte[] Unescape(ReadOnlySpan<byte> token)
    {
        var reader = new Utf8JsonReader(token);
        reader.Read();
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan.ToArray();
        }

        var buffer = new byte[reader.ValueSpan.Length];
        return buffer[..reader.CopyString(buffer)];
    }

    private static string? ContentTypeOf(List<EventAttribute> attributes)
    {
        foreach (var (name, text) in attributes)
        {
            if (name == AttributeName.DataContentType)
            {
                return text;
            }
        }

        return null;
    }

    private static bool IsExtension(AttributeName name) =>
        name != AttributeName.Id && name != AttributeName.Source && name != AttributeName.Type
        && name != AttributeName.SpecVersion && name != AttributeName.Subject && name != AttributeName.Time
        && name != AttributeName.DataSchema && name != AttributeName.DataContentType;

    private enum DataKind
    {
        None,
        Base64,
        String,
        Other,
    }

    private readonly record struct DataSlice(DataKind Kind, int Start, int End);
}
