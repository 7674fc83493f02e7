// Crockford's base32: short ids that survive any transport and any letter case.
namespace ServerlessEventing.Functions.Publishing;

internal static class Base32
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Writes the bits of <paramref name="bytes"/> five at a time, the last group padded with zeros.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[((bytes.Length * 8) + 4) / 5];
        var bits = 0;
        var held = 0;
        var written = 0;
        foreach (var b in bytes)
        {
            held = (held << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[written++] = Alphabet[(held >> bits) & 31];
            }
        }

        if (bits > 0)
        {
            text[written] = Alphabet[(held << (5 - bits)) & 31];
        }

        return text.ToString();
    }

    /// <summary>One digit.</summary>
    public static char Digit(int value) => Alphabet[value];
}
