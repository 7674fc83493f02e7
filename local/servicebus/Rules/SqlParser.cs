// Reads a rule's text by precedence: OR, AND, NOT, comparison, + -, * / %, sign, and then what stands alone.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>
/// One pass from left to right over the tokens:
/// <code>
///   text ─ SqlTokenizer ─► tokens ─ Or ► And ► Not ► Comparison ► Sum ► Product ► Sign ► Primary ─► SqlNode
///                                   ▲                                                      │
///                                   └──────────────── "(" ... ")" ◄───────────────────────┘
/// </code>
/// A bracket may hold a condition or an operand, which only its end shows; so one grammar reads both, and what is
/// needed at a place is checked there, where the error can say its position.
/// </summary>
internal sealed class SqlParser
{
    public const int MaxLength = 1024;
    public const int MaxStatements = 32;

    // Brackets, signs, NOTs and functions inside one another; bounds the stack however hostile the text is.
    private const int MaxDepth = 64;

    private const string ConditionExpected = "a condition (a comparison, LIKE, IN, IS NULL or EXISTS)";
    private const string ValueExpected = "a value (a property, a constant or a function)";

    private readonly List<SqlToken> _tokens;
    private readonly IReadOnlyDictionary<string, object?>? _parameters;
    private int _next;
    private int _depth;

    private SqlParser(string text, IReadOnlyDictionary<string, object?>? parameters)
    {
        if (text.Length > MaxLength)
        {
            throw new RuleSyntaxException(MaxLength + 1, $"at most {MaxLength} characters", $"{text.Length}");
        }

        _tokens = SqlTokenizer.Read(text);
        _parameters = parameters;
    }

    private SqlToken Current => _tokens[_next];

    public static SqlCondition Filter(string text, IReadOnlyDictionary<string, object?>? parameters)
    {
        var parser = new SqlParser(text, parameters);
        var condition = parser.Condition(parser.Or);
        parser.Require(SqlTokenKind.End, "AND, OR or the end");
        return condition;
    }

    public static List<SqlStatement> Action(string text, IReadOnlyDictionary<string, object?>? parameters)
    {
        var parser = new SqlParser(text, parameters);
        var statements = new List<SqlStatement>();
        do
        {
            if (statements.Count == MaxStatements)
            {
                throw parser.Unexpected($"at most {MaxStatements} statements");
            }

            statements.Add(parser.Statement());
            parser.Take(SqlTokenKind.Semicolon);
        }
        while (parser.Current.Kind != SqlTokenKind.End);
        return statements;
    }

    private SqlStatement Statement()
    {
        if (TakeWord("SET"))
        {
            var target = Property("a property to set");
            Require(SqlTokenKind.Equal, "=");
            var value = Operand(Sum);
            return Current.Kind is SqlTokenKind.End or SqlTokenKind.Semicolon || IsWord("SET") || IsWord("REMOVE")
                ? new SqlStatement(target, value)
                : throw Unexpected("an operator, `;`, SET, REMOVE or the end");
        }

        return TakeWord("REMOVE")
            ? new SqlStatement(Property("a property to remove"), null)
            : throw Unexpected("SET or REMOVE");
    }

    private SqlNode Or()
    {
        var start = Current.Position;
        var first = And();
        return Current.Kind == SqlTokenKind.Or
            ? new OrCondition(Chain(SqlTokenKind.Or, start, first, And))
            : first;
    }

    private SqlNode And()
    {
        var start = Current.Position;
        var first = Not();
        return Current.Kind == SqlTokenKind.And
            ? new AndCondition(Chain(SqlTokenKind.And, start, first, Not))
            : first;
    }

    private SqlCondition[] Chain(SqlTokenKind joint, int start, SqlNode first, Func<SqlNode> next)
    {
        var parts = new List<SqlCondition> { AsCondition(first, start) };
        while (Take(joint))
        {
            parts.Add(Condition(next));
        }

        return [.. parts];
    }

    private SqlNode Not()
    {
        if (!Take(SqlTokenKind.Not))
        {
            return Comparison();
        }

        Enter();
        var negated = new NotCondition(Condition(Not));
        _depth--;
        return negated;
    }

    private SqlNode Comparison()
    {
        var start = Current.Position;
        var left = Sum();
        switch (Current.Kind)
        {
            case >= SqlTokenKind.Equal and <= SqlTokenKind.GreaterOrEqual:
                var operation = Advance().Kind;
                return new CompareCondition(operation, AsOperand(left, start), Operand(Sum));
            case SqlTokenKind.Is:
                Advance();
                var negated = Take(SqlTokenKind.Not);
                Require(SqlTokenKind.Null, negated ? "NULL" : "NULL or NOT NULL");
                return left is PropertyOperand property
                    ? new NullCondition(property, negated)
                    : throw new RuleSyntaxException(start, "a property before IS NULL", "something else");
            case SqlTokenKind.In or SqlTokenKind.Like:
                return InOrLike(AsOperand(left, start), negated: false);
            case SqlTokenKind.Not:
                Advance();
                return InOrLike(AsOperand(left, start), negated: true);
            default:
                return left;
        }
    }

    private SqlCondition InOrLike(SqlOperand left, bool negated)
    {
        if (Take(SqlTokenKind.In))
        {
            Require(SqlTokenKind.Open, "( and a list of values");
            var list = new List<SqlOperand>();
            do
            {
                list.Add(Operand(Sum));
            }
            while (Take(SqlTokenKind.Comma));
            Require(SqlTokenKind.Close, "an operator, `,` or `)`");
            return new InCondition(left, [.. list], negated);
        }

        if (!Take(SqlTokenKind.Like))
        {
            throw Unexpected("IN or LIKE after NOT");
        }

        var patternAt = Current.Position;
        var pattern = Operand(Sum);
        var escapeAt = 0;
        SqlOperand? escape = null;
        if (Take(SqlTokenKind.Escape))
        {
            escapeAt = Current.Position;
            escape = Operand(Sum);
        }

        CheckPattern(pattern, patternAt, escape, escapeAt);
        return new LikeCondition(left, pattern, escape, negated);
    }

    // What is wrong with a constant pattern is said now, not message by message.
    private static void CheckPattern(SqlOperand pattern, int patternAt, SqlOperand? escape, int escapeAt)
    {
        var mask = (pattern as ConstantOperand)?.Value;
        var mark = (escape as ConstantOperand)?.Value;
        if (mask is { Kind: not (SqlKind.Text or SqlKind.Null) } other)
        {
            throw new RuleSyntaxException(patternAt, "a pattern, a string", other.Describe());
        }

        if (mark is { } character && (character.Kind != SqlKind.Text || character.Text.Length != 1))
        {
            throw new RuleSyntaxException(escapeAt, "a string of one character", character.Describe());
        }

        if (mask is { Kind: SqlKind.Text } text
            && LikePattern.Fault(text.Text, mark?.Text[0]) is { } fault)
        {
            throw new RuleSyntaxException(patternAt, "a whole pattern", fault);
        }
    }

    private SqlNode Sum()
    {
        var start = Current.Position;
        var left = Product();
        while (Current.Kind is SqlTokenKind.Plus or SqlTokenKind.Minus)
        {
            left = new ArithmeticOperand(Advance().Kind, AsOperand(left, start), Operand(Product));
        }

        return left;
    }

    private SqlNode Product()
    {
        var start = Current.Position;
        var left = Sign();
        while (Current.Kind is SqlTokenKind.Star or SqlTokenKind.Slash or SqlTokenKind.Percent)
        {
            left = new ArithmeticOperand(Advance().Kind, AsOperand(left, start), Operand(Sign));
        }

        return left;
    }

    private SqlNode Sign()
    {
        if (Current.Kind is not (SqlTokenKind.Minus or SqlTokenKind.Plus))
        {
            return Primary();
        }

        var minus = Advance().Kind == SqlTokenKind.Minus;
        // The least integer has no positive twin to be negated.
        if (minus && Current is { Kind: SqlTokenKind.Integer, Integer: (ulong)long.MaxValue + 1 })
        {
            Advance();
            return new ConstantOperand(SqlValue.Of(long.MinValue));
        }

        Enter();
        var operand = Operand(Sign);
        _depth--;
        return (operand, minus) switch
        {
            (ConstantOperand { Value.IsNumber: true } constant, true) =>
                new ConstantOperand(SqlArithmetic.Negate(constant.Value)),
            (_, true) => new NegativeOperand(operand),
            _ => new PositiveOperand(operand),
        };
    }

    private SqlNode Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case SqlTokenKind.Text:
                return Constant(SqlValue.Of(token.Text));
            case SqlTokenKind.Integer:
                return token.Integer <= long.MaxValue
                    ? Constant(SqlValue.Of((long)token.Integer))
                    : throw Unexpected("an integer of 64 bits");
            case SqlTokenKind.Float:
                return Constant(SqlValue.Of(token.Float));
            case SqlTokenKind.True or SqlTokenKind.False:
                return Constant(SqlValue.Of(token.Kind == SqlTokenKind.True));
            case SqlTokenKind.Null:
                return Constant(SqlValue.Null);
            case SqlTokenKind.Parameter:
                return Constant(Parameter(token));
            case SqlTokenKind.Exists:
                Advance();
                Require(SqlTokenKind.Open, "( and a property");
                var property = Property("a property");
                Require(SqlTokenKind.Close, ")");
                return new ExistsCondition(property);
            case SqlTokenKind.Open:
                return Bracketed(Or, "an operator or `)`");
            case SqlTokenKind.Identifier when _tokens[_next + 1].Kind == SqlTokenKind.Open:
                return Function(Advance());
            default:
                return Property(ValueExpected);
        }
    }

    private SqlNode Function(SqlToken name)
    {
        if (name.Text.Equals("newid", StringComparison.OrdinalIgnoreCase))
        {
            Require(SqlTokenKind.Open, "(");
            Require(SqlTokenKind.Close, ")");
            return new NewIdFunction();
        }

        return name.Text.Equals("property", StringComparison.OrdinalIgnoreCase)
            || name.Text.Equals("p", StringComparison.OrdinalIgnoreCase)
            ? new PropertyFunction((SqlOperand)Bracketed(() => Operand(Sum), ")"))
            : throw new RuleSyntaxException(name.Position, "newid(), property() or p()", name.Describe());
    }

    private PropertyOperand Property(string expected)
    {
        var first = Name(expected);
        if (!Take(SqlTokenKind.Dot))
        {
            return new UserPropertyOperand(first.Text);
        }

        var isSystem = first.Text.Equals("sys", StringComparison.OrdinalIgnoreCase);
        if (first.Kind == SqlTokenKind.Delimited
            || (!isSystem && !first.Text.Equals("user", StringComparison.OrdinalIgnoreCase)))
        {
            throw new RuleSyntaxException(
                first.Position, "sys or user before the dot (a name that has one is written in brackets, [a.b])",
                first.Describe());
        }

        var name = Name("a property name");
        return isSystem ? new SystemPropertyOperand(name.Text) : new UserPropertyOperand(name.Text);
    }

    private SqlToken Name(string expected) => Current.Kind switch
    {
        SqlTokenKind.Identifier or SqlTokenKind.Delimited => Advance(),
        >= SqlTokenKind.And and <= SqlTokenKind.False => throw Unexpected(
            $"{expected} (a property that is named as a keyword is written in brackets, [{Current.Text}])"),
        _ => throw Unexpected(expected),
    };

    private SqlValue Parameter(SqlToken token)
    {
        object? value = null;
        var given = _parameters is not null
            && (_parameters.TryGetValue(token.Text, out value) || _parameters.TryGetValue(token.Text[1..], out value));
        return given
            ? SqlValue.From(value)
            : throw Unexpected("a constant, or a parameter that has been given a value");
    }

    private SqlNode Bracketed(Func<SqlNode> inside, string closing)
    {
        Require(SqlTokenKind.Open, "(");
        Enter();
        var node = inside();
        _depth--;
        Require(SqlTokenKind.Close, closing);
        return node;
    }

    private ConstantOperand Constant(SqlValue value)
    {
        Advance();
        return new ConstantOperand(value);
    }

    private SqlCondition Condition(Func<SqlNode> read)
    {
        var start = Current.Position;
        return AsCondition(read(), start);
    }

    private SqlOperand Operand(Func<SqlNode> read)
    {
        var start = Current.Position;
        return AsOperand(read(), start);
    }

    private SqlCondition AsCondition(SqlNode node, int start) => node switch
    {
        SqlCondition condition => condition,
        // What follows the value is then the likelier mistake: `a b`, `a == 1`.
        _ when Current.Kind is not (SqlTokenKind.End or SqlTokenKind.Close or SqlTokenKind.And or SqlTokenKind.Or) =>
            throw Unexpected("an operator, such as =, LIKE or IN"),
        PropertyOperand => throw new RuleSyntaxException(
            start, $"{ConditionExpected}", "a property alone (write `= TRUE` after it)"),
        _ => throw new RuleSyntaxException(start, ConditionExpected, "a value alone"),
    };

    private static SqlOperand AsOperand(SqlNode node, int start) =>
        node as SqlOperand ?? throw new RuleSyntaxException(start, ValueExpected, "a condition");

    private void Enter()
    {
        if (++_depth > MaxDepth)
        {
            throw Unexpected($"at most {MaxDepth} levels of brackets, signs and NOTs");
        }
    }

    private bool IsWord(string word) =>
        Current.Kind == SqlTokenKind.Identifier && Current.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool TakeWord(string word)
    {
        var found = IsWord(word);
        _next += found ? 1 : 0;
        return found;
    }

    private bool Take(SqlTokenKind kind)
    {
        var found = Current.Kind == kind;
        _next += found ? 1 : 0;
        return found;
    }

    private SqlToken Advance() => _tokens[_next++];

    private void Require(SqlTokenKind kind, string expected)
    {
        if (!Take(kind))
        {
            throw Unexpected(expected);
        }
    }

    private RuleSyntaxException Unexpected(string expected) => new(Current.Position, expected, Current.Describe());
}
