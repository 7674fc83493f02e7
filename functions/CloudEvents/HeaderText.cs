// Attribute texts as HTTP header values: percent-encoded out, percent-decoded in.
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, 3.1.3.2.
/// What <see cref="Encode"/> gives has no character outside U+0021 to U+007E, so no text can add a header.
/// </summary>
internal static class HeaderText
{
    private static readonly SearchValues<char> Safe = SearchValues.Create(
        "!#$&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private static readonly SearchValues<char> Coded = SearchValues.Create("%\"");

    /// <summary>Writes a text as a header value.</summary>
    public static string Encode(string text)
    {
        var first = text.AsSpan().IndexOfAnyExcept(Safe);
        if (first < 0)
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16).Append(text, 0, first);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.AsSpan(first).EnumerateRunes())
        {
            if (rune.IsAscii && Safe.Contains((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var b in utf8[..rune.EncodeToUtf8(utf8)])
            {
                encoded.Append('%').Append(Hex(b >> 4)).Append(Hex(b & 15));
            }
        }

        return encoded.ToString();
    }

    /// <summary>Reads a header value; false when it is not percent-encoded UTF-8.</summary>
    public static bool TryDecode(string value, [NotNullWhen(true)] out string? text)
    {
        text = value;
        if (!value.AsSpan().ContainsAny(Coded))
        {
            return true;
        }

        var source = value.AsSpan();
        var quoted = source.Length >= 2 && source[0] == '"' && source[^1] == '"';
        source = quoted ? source[1..^1] : source;
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(source.Length));
        try
        {
            var length = 0;
            while (!source.IsEmpty)
            {
                if (source[0] == '%')
                {
                    if (source.Length < 3 || !char.IsAsciiHexDigit(source[1]) || !char.IsAsciiHexDigit(source[2]))
                    {
                        text = null;
                        return false;
                    }

                    buffer[length++] = (byte)((Value(source[1]) << 4) | Value(source[2]));
                    source = source[3..];
                    continue;
                }

                source = quoted && source[0] == '\\' && source.Length > 1 ? source[1..] : source;
                Rune.DecodeFromUtf16(source, out var rune, out var consumed);
                length += rune.EncodeToUtf8(buffer.AsSpan(length));
                source = source[consumed..];
            }

            var bytes = buffer.AsSpan(0, length);
            text = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
            return text is not null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static char Hex(int nibble) => (char)(nibble < 10 ? '0' + nibble : 'A' + nibble - 10);

    private static int Value(char hex) => hex <= '9' ? hex - '0' : (hex | 0x20) - 'a' + 10;
}
