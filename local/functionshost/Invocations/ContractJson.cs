// JSON as the real host writes it: its escaping, and its habit of putting a scalar's JSON text inside a JSON string.
using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>Writers of single values by the encoding rule of the contract.</summary>
internal static class ContractJson
{
    public static readonly JsonWriterOptions Options = new() { Encoder = ContractEncoder.Instance };

    /// <summary>A string's JSON text as a JSON string: <c>"MessageId":"\"m-1\""</c>.</summary>
    public static void NestedString(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string value)
    {
        writer.WritePropertyName(name);
        var longest = (value.Length * ContractEncoder.MostPerCharacter) + 2;
        char[]? rented = null;
        var text = longest <= 512 ? stackalloc char[512] : rented = ArrayPool<char>.Shared.Rent(longest);
        text[0] = '"';
        ContractEncoder.Instance.Encode(value, text[1..], out _, out var written);
        text[written + 1] = '"';
        writer.WriteStringValue(text[..(written + 2)]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    /// <summary>A number's JSON text as a JSON string: <c>"DeliveryCount":"1"</c>.</summary>
    public static void NestedNumber(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long value)
    {
        Span<char> text = stackalloc char[20];
        value.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        writer.WriteString(name, text[..length]);
    }

    /// <summary>A date, cut to the second; the zone is written only <paramref name="withZone"/>.</summary>
    public static void Date(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset value, bool withZone)
    {
        Span<char> text = stackalloc char[32];
        value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        if (withZone)
        {
            "+00:00".CopyTo(text[length..]);
            length += 6;
        }

        writer.WriteString(name, text[..length]);
    }

    /// <summary>An application property: a real JSON value, not a nested one.</summary>
    public static void Typed(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case byte[] bytes: writer.WriteBase64StringValue(bytes); break;
            case ArraySegment<byte> bytes: writer.WriteBase64StringValue(bytes); break;
            case DateTimeOffset moment: writer.WriteStringValue(moment); break;
            case DateTime moment: writer.WriteStringValue(moment); break;
            case double or float or decimal:
                writer.WriteRawValue(WithPoint(Convert.ToString(value, CultureInfo.InvariantCulture)!));
                break;
            case ulong number: writer.WriteNumberValue(number); break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            default: writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    /// <summary>
    /// The real host writes a whole floating-point number with ".0", and what is no number as a string.
    /// </summary>
    private static string WithPoint(string number) =>
        number is "NaN" or "Infinity" or "-Infinity" ? $"\"{number}\""
        : number.AsSpan().ContainsAny('.', 'E') ? number
        : number + ".0";
}
