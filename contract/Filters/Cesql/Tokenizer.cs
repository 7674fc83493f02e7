// Cuts an expression into tokens, one at a time, by the rules of the specification's CESQLLexer.g4.
using System.Text;

namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>
/// The next token, on demand. Keywords and names are of any case. A sign touching a digit belongs to the number, so
/// <c>4-1</c> is two numbers and no expression. A character that starts nothing is a mistake, where the reference
/// implementation skips it.
/// </summary>
internal sealed class Tokenizer(string text)
{
    private static readonly Dictionary<string, TokenKind> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["TRUE"] = TokenKind.True,
        ["FALSE"] = TokenKind.False,
        ["NOT"] = TokenKind.Not,
        ["AND"] = TokenKind.And,
        ["OR"] = TokenKind.Or,
        ["XOR"] = TokenKind.Xor,
        ["LIKE"] = TokenKind.Like,
        ["IN"] = TokenKind.In,
        ["EXISTS"] = TokenKind.Exists,
    };

    private int index;

    // Surrogate pairs behind index: what UTF-16 counts too much.
    private int pairs;

    public Token Next()
    {
        while (index < text.Length && text[index] is ' ' or '\t' or '\r' or '\n')
        {
            index++;
        }

        var position = index - pairs + 1;
        if (index == text.Length)
        {
            return new Token(TokenKind.End, position, "");
        }

        var first = text[index];
        var second = index + 1 < text.Length ? text[index + 1] : '\0';
        if (first is '\'' or '"')
        {
            return String(first, position);
        }

        if (char.IsAsciiLetterOrDigit(first))
        {
            return Word(position);
        }

        if (first is '+' or '-' && char.IsAsciiDigit(second))
        {
            return Take(TokenKind.Integer, 1 + Run(index + 1, char.IsAsciiDigit), position);
        }

        return (first, second) switch
        {
            ('!', '=') or ('<', '>') => Take(TokenKind.NotEqual, 2, position),
            ('<', '=') => Take(TokenKind.LessOrEqual, 2, position),
            ('>', '=') => Take(TokenKind.GreaterOrEqual, 2, position),
            ('<', _) => Take(TokenKind.Less, 1, position),
            ('>', _) => Take(TokenKind.Greater, 1, position),
            ('=', _) => Take(TokenKind.Equal, 1, position),
            ('(', _) => Take(TokenKind.Open, 1, position),
            (')', _) => Take(TokenKind.Close, 1, position),
            (',', _) => Take(TokenKind.Comma, 1, position),
            ('+', _) => Take(TokenKind.Plus, 1, position),
            ('-', _) => Take(TokenKind.Minus, 1, position),
            ('*', _) => Take(TokenKind.Star, 1, position),
            ('/', _) => Take(TokenKind.Slash, 1, position),
            ('%', _) => Take(TokenKind.Percent, 1, position),
            _ => new Token(TokenKind.Faulty, position, Stray()),
        };
    }

    private static bool IsWordCharacter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter == '_';

    private string Stray()
    {
        Rune.DecodeFromUtf16(text.AsSpan(index), out var letter, out _);
        return letter.Value switch
        {
            '!' => "'!' is no operator; write != or NOT",
            '_' => "a name starts with a letter or digit, not '_'",
            > ' ' and < 0x7f => $"the character '{letter}' has no meaning here; texts stand in quotes",
            _ => $"the character U+{letter.Value:X4} has no meaning here; texts stand in quotes",
        };
    }

    private Token Word(int position)
    {
        var length = Run(index, IsWordCharacter);
        var word = text.AsSpan(index, length);
        if (!word.ContainsAnyExceptInRange('0', '9'))
        {
            return Take(TokenKind.Integer, length, position);
        }

        if (!word.Contains('_'))
        {
            return Take(
                Keywords.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out var keyword)
                    ? keyword
                    : TokenKind.Identifier,
                length,
                position);
        }

        return word.ContainsAnyInRange('0', '9')
            ? new Token(TokenKind.Faulty, position,
                $"\"{Cut(word)}\" is neither an attribute (letters and digits) nor a function (letters and '_')")
            : Take(TokenKind.FunctionName, length, position);
    }

    private Token String(char quote, int position)
    {
        for (var end = index + 1; end < text.Length; end++)
        {
            if (text[end] == '\\')
            {
                end++;
            }
            else if (text[end] == quote)
            {
                var written = text[(index + 1)..end];
                for (; index <= end; index++)
                {
                    pairs += char.IsLowSurrogate(text[index]) && char.IsHighSurrogate(text[index - 1]) ? 1 : 0;
                }

                // Only the quote itself is unescaped: other backslashes stay, LIKE reads them.
                return new Token(TokenKind.String, position,
                    written.Replace($"\\{quote}", quote.ToString(), StringComparison.Ordinal));
            }
        }

        return new Token(TokenKind.Faulty, position, $"the text that starts here is not closed; expected {quote}");
    }

    private Token Take(TokenKind kind, int length, int position)
    {
        var token = new Token(kind, position, text.Substring(index, length));
        index += length;
        return token;
    }

    private int Run(int start, Func<char, bool> belongs)
    {
        var end = start;
        while (end < text.Length && belongs(text[end]))
        {
            end++;
        }

        return end - start;
    }

    private static string Cut(ReadOnlySpan<char> word) => word.Length > 40 ? $"{word[..40]}…" : word.ToString();
}
