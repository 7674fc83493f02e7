// Cuts a rule's text into tokens and refuses what can begin none.
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace ServerlessEventing.Local.ServiceBus.Rules;

internal ref struct SqlTokenizer
{
    private static readonly FrozenDictionary<string, SqlTokenKind> _keywords = new Dictionary<string, SqlTokenKind>
    {
        ["AND"] = SqlTokenKind.And,
        ["OR"] = SqlTokenKind.Or,
        ["NOT"] = SqlTokenKind.Not,
        ["IN"] = SqlTokenKind.In,
        ["LIKE"] = SqlTokenKind.Like,
        ["ESCAPE"] = SqlTokenKind.Escape,
        ["IS"] = SqlTokenKind.Is,
        ["NULL"] = SqlTokenKind.Null,
        ["EXISTS"] = SqlTokenKind.Exists,
        ["TRUE"] = SqlTokenKind.True,
        ["FALSE"] = SqlTokenKind.False,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private readonly string _source;
    private int _at;

    private SqlTokenizer(string source) => _source = source;

    /// <summary>All tokens of a text, the last being <see cref="SqlTokenKind.End"/>.</summary>
    public static List<SqlToken> Read(string source)
    {
        var tokenizer = new SqlTokenizer(source);
        var tokens = new List<SqlToken>();
        do
        {
            tokens.Add(tokenizer.Next());
        }
        while (tokens[^1].Kind != SqlTokenKind.End);
        return tokens;
    }

    private readonly char Current => Ahead(0);

    private readonly char Ahead(int by) => _at + by < _source.Length ? _source[_at + by] : '\0';

    private SqlToken Next()
    {
        while (_at < _source.Length && char.IsWhiteSpace(_source[_at]))
        {
            _at++;
        }

        if (_at == _source.Length)
        {
            return new SqlToken(SqlTokenKind.End, _at + 1, "");
        }

        return Current switch
        {
            '\'' => Quoted(SqlTokenKind.Text, '\'', "a string's closing '"),
            '"' => Quoted(SqlTokenKind.Delimited, '"', "a name's closing \""),
            '[' => Quoted(SqlTokenKind.Delimited, ']', "a name's closing ]"),
            '@' => Parameter(),
            var c when char.IsLetter(c) => Word(),
            var c when IsDigit(c) || (c == '.' && IsDigit(Ahead(1))) => Number(),
            _ => Symbol(),
        };
    }

    // A closing character written twice stands for itself.
    private SqlToken Quoted(SqlTokenKind kind, char close, string expected)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (true)
        {
            if (_at == _source.Length)
            {
                throw new RuleSyntaxException(_at + 1, expected, "the end");
            }

            if (Current == close)
            {
                _at++;
                if (Current != close)
                {
                    break;
                }
            }

            text.Append(_source[_at++]);
        }

        if (kind == SqlTokenKind.Delimited && text.Length == 0)
        {
            throw new RuleSyntaxException(start + 1, "a property name", "an empty one");
        }

        return new SqlToken(kind, start + 1, text.ToString());
    }

    private SqlToken Word()
    {
        var start = _at;
        SkipName();
        var text = _source[start.._at];
        var kind = _keywords.GetValueOrDefault(text, SqlTokenKind.Identifier);
        return new SqlToken(kind, start + 1, text);
    }

    private SqlToken Parameter()
    {
        var start = _at++;
        if (!char.IsLetter(Current))
        {
            throw new RuleSyntaxException(_at + 1, "a parameter's name after @", Found(_at));
        }

        SkipName();
        return new SqlToken(SqlTokenKind.Parameter, start + 1, _source[start.._at]);
    }

    private void SkipName()
    {
        while (char.IsLetter(Current) || char.IsDigit(Current) || Current == '_')
        {
            _at++;
        }
    }

    private SqlToken Number()
    {
        var start = _at;
        var whole = true;
        SkipDigits();
        if (Current == '.')
        {
            whole = false;
            _at++;
            SkipDigits();
        }

        if (Current is 'e' or 'E')
        {
            whole = false;
            _at += Ahead(1) is '+' or '-' ? 2 : 1;
            if (!IsDigit(Current))
            {
                throw new RuleSyntaxException(_at + 1, "the digits of an exponent", Found(_at));
            }

            SkipDigits();
        }

        if (char.IsLetter(Current) || Current == '_')
        {
            throw new RuleSyntaxException(_at + 1, "the end of a number", Found(_at));
        }

        var text = _source[start.._at];
        return whole ? Integer(start, text) : Float(start, text);
    }

    private static SqlToken Integer(int start, string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? new SqlToken(SqlTokenKind.Integer, start + 1, text, Integer: value)
            : throw new RuleSyntaxException(start + 1, "an integer of 64 bits", $"`{text}`");

    private static SqlToken Float(int start, string text)
    {
        var value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(value)
            ? new SqlToken(SqlTokenKind.Float, start + 1, text, Float: value)
            : throw new RuleSyntaxException(start + 1, "a number that a double holds", $"`{text}`");
    }

    private void SkipDigits()
    {
        while (IsDigit(Current))
        {
            _at++;
        }
    }

    private SqlToken Symbol()
    {
        var (kind, length) = (Current, Ahead(1)) switch
        {
            ('<', '>') or ('!', '=') => (SqlTokenKind.NotEqual, 2),
            ('<', '=') => (SqlTokenKind.LessOrEqual, 2),
            ('>', '=') => (SqlTokenKind.GreaterOrEqual, 2),
            ('=', _) => (SqlTokenKind.Equal, 1),
            ('<', _) => (SqlTokenKind.Less, 1),
            ('>', _) => (SqlTokenKind.Greater, 1),
            ('+', _) => (SqlTokenKind.Plus, 1),
            ('-', _) => (SqlTokenKind.Minus, 1),
            ('*', _) => (SqlTokenKind.Star, 1),
            ('/', _) => (SqlTokenKind.Slash, 1),
            ('%', _) => (SqlTokenKind.Percent, 1),
            ('(', _) => (SqlTokenKind.Open, 1),
            (')', _) => (SqlTokenKind.Close, 1),
            (',', _) => (SqlTokenKind.Comma, 1),
            ('.', _) => (SqlTokenKind.Dot, 1),
            (';', _) => (SqlTokenKind.Semicolon, 1),
            ('_', _) => throw new RuleSyntaxException(
                _at + 1, "a name that begins with a letter (others are written in brackets, [_name])", "`_`"),
            _ => throw new RuleSyntaxException(_at + 1, "a name, a constant or an operator", Found(_at)),
        };
        var start = _at;
        _at += length;
        return new SqlToken(kind, start + 1, _source.Substring(start, length));
    }

    private readonly string Found(int at) => at < _source.Length ? $"`{_source[at]}`" : "the end";

    // Only ASCII digits make a number; Unicode's others may stand inside names.
    private static bool IsDigit(char c) => char.IsAsciiDigit(c);
}
