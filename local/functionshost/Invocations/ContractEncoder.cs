// Escapes as the real host's serializer does: quotes, backslashes, control characters, and three line separators.
using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>
/// System.Text.Json's own encoders also escape characters outside the basic plane and write upper-case hex digits;
/// a byte-for-byte comparison with what the real host sends needs this one.
/// </summary>
internal sealed class ContractEncoder : JavaScriptEncoder
{
    /// <summary>The longest escape is <c>\u001f</c>.</summary>
    public const int MostPerCharacter = 6;

    public static readonly ContractEncoder Instance = new();

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\', '\u0085', '\u2028', '\u2029']);

    // All of them but the last three are one byte; those begin with C2 or E2 and are looked at again.
    private static readonly SearchValues<byte> EscapedBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (byte)code), (byte)'"', (byte)'\\', 0xC2, 0xE2]);

    public override int MaxOutputCharactersPerInputCharacter => MostPerCharacter;

    public override bool WillEncode(int unicodeScalar) =>
        unicodeScalar <= char.MaxValue && Escaped.Contains((char)unicodeScalar);

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength) =>
        new ReadOnlySpan<char>(text, textLength).IndexOfAny(Escaped);

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text)
    {
        for (var start = 0; start < utf8Text.Length;)
        {
            var found = utf8Text[start..].IndexOfAny(EscapedBytes);
            if (found < 0)
            {
                return -1;
            }

            start += found;
            if (Rune.DecodeFromUtf8(utf8Text[start..], out var rune, out var length) != OperationStatus.Done
                || WillEncode(rune.Value))
            {
                return start;
            }

            start += length;
        }

        return -1;
    }

    public override unsafe bool TryEncodeUnicodeScalar(
        int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var target = new Span<char>(buffer, bufferLength);
        var rune = new Rune(unicodeScalar);
        if (!WillEncode(unicodeScalar))
        {
            return rune.TryEncodeToUtf16(target, out numberOfCharactersWritten);
        }

        var letter = unicodeScalar switch
        {
            '"' => '"',
            '\\' => '\\',
            '\b' => 'b',
            '\f' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            _ => 'u',
        };
        numberOfCharactersWritten = letter == 'u' ? MostPerCharacter : 2;
        if (target.Length < numberOfCharactersWritten)
        {
            numberOfCharactersWritten = 0;
            return false;
        }

        target[0] = '\\';
        target[1] = letter;
        return letter != 'u' || unicodeScalar.TryFormat(target[2..], out _, "x4");
    }
}
