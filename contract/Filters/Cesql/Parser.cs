// Turns an expression's text into its tree by precedence climbing; finds the first mistake and says what was expected.
using System.Globalization;

namespace ServerlessEventing.Contract.Filters.Cesql;

/// <remarks>
/// The grammar is the specification's CESQLParser.g4, from tight to loose:
/// <code>
///   f(…)  (…)  EXISTS a        NOT x   -x             prefixes take the nearest operand only:
///   x [NOT] LIKE 'p'                                  NOT a LIKE 'p' is (NOT a) LIKE 'p'
///   x [NOT] IN (…)
///   * / %      + -             from the left
///   = != &lt;&gt; &lt; &lt;= &gt; &gt;=         from the left
///   AND OR XOR                 one level, from the right
/// </code>
/// Recursion and the tree's height are bounded; a chain of AND, OR, XOR is one node however long.
/// </remarks>
internal sealed class Parser
{
    private const int MaxHeight = 128;

    private readonly Tokenizer tokenizer;
    private readonly List<string> warnings = [];
    private readonly HashSet<CeSqlNode> parenthesised = new(ReferenceEqualityComparer.Instance);
    private Token current;
    private Token next;
    private int depth;
    private CeSqlParseError? error;

    private Parser(string text)
    {
        tokenizer = new Tokenizer(text);
        current = tokenizer.Next();
        next = tokenizer.Next();
    }

    /// <summary>How tight an operator binds; larger is tighter.</summary>
    private enum Level
    {
        Logic,
        Comparison,
        Sum,
        Product,
        In,
        Like,
    }

    public static CeSqlParsing Parse(string text)
    {
        var parser = new Parser(text);
        var root = parser.Expression(Level.Logic);
        if (root is not null && parser.current.Kind != TokenKind.End)
        {
            root = parser.Expected("an operator or the end of the expression");
        }

        return root is null
            ? new CeSqlParsing(null, parser.error)
            : new CeSqlParsing(new CeSqlExpression(text, root, parser.warnings), null);
    }

    private CeSqlNode? Expression(Level loosest)
    {
        if (++depth > MaxHeight)
        {
            return TooDeep(current.Position);
        }

        var left = Operand();
        while (left is not null)
        {
            var negated = current.Kind == TokenKind.Not && next.Kind is TokenKind.Like or TokenKind.In;
            var kind = negated ? next.Kind : current.Kind;
            if (LevelOf(kind) is not { } level || level < loosest)
            {
                break;
            }

            left = kind switch
            {
                TokenKind.Like => Like(left, negated),
                TokenKind.In => In(left, negated),
                _ when level == Level.Logic => Logic(left),
                _ => Binary(left, level),
            };
        }

        depth--;
        return left;
    }

    private CeSqlNode? Operand()
    {
        var token = current;
        switch (token.Kind)
        {
            case TokenKind.Not:
                Advance();
                return Prefix() is { } negated ? Bounded(new CeSqlNode.Not(negated, token.Position), negated) : null;
            case TokenKind.Minus:
                Advance();
                return Prefix() is { } number ? Bounded(new CeSqlNode.Negate(number, token.Position), number) : null;
            case TokenKind.Exists:
                Advance();
                return current.Kind == TokenKind.Identifier
                    ? new CeSqlNode.Exists(Advance().Text.ToLowerInvariant(), token.Position)
                    : Expected("the name of an attribute");
            case TokenKind.Open:
                return Parentheses();
            case TokenKind.True or TokenKind.False:
                Advance();
                return new CeSqlNode.Literal(CeSqlValue.Of(token.Kind == TokenKind.True), token.Position);
            case TokenKind.String:
                Advance();
                return new CeSqlNode.Literal(CeSqlValue.Of(token.Text), token.Position);
            case TokenKind.Integer:
                return Integer();
            case TokenKind.Identifier when next.Kind != TokenKind.Open:
                Advance();
                return new CeSqlNode.Attribute(token.Text.ToLowerInvariant(), token.Position);
            case TokenKind.Identifier or TokenKind.FunctionName:
                return Call();
            default:
                return Expected("an attribute, a literal, a function, NOT, EXISTS, - or (");
        }
    }

    // What NOT and - apply to: one operand, with nothing that follows it.
    private CeSqlNode? Prefix()
    {
        if (++depth > MaxHeight)
        {
            return TooDeep(current.Position);
        }

        var operand = Operand();
        depth--;
        return operand;
    }

    private CeSqlNode? Parentheses()
    {
        Advance();
        if (Expression(Level.Logic) is not { } inner)
        {
            return null;
        }

        parenthesised.Add(inner);
        return Take(TokenKind.Close, "an operator or )") ? inner : null;
    }

    private CeSqlNode? Integer() =>
        int.TryParse(current.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? new CeSqlNode.Literal(CeSqlValue.Of(number), Advance().Position)
            : Fail(current.Position, "expected a number from -2147483648 to 2147483647");

    private CeSqlNode? Call()
    {
        var name = Advance();
        if (name.Text.AsSpan().ContainsAnyInRange('0', '9'))
        {
            return Fail(name.Position, $"expected a function, found \"{name.Text}\"; functions have no digits");
        }

        if (current.Kind != TokenKind.Open)
        {
            return Expected($"( after the function {name.Text}");
        }

        Advance();
        List<CeSqlNode> arguments = [];
        if (current.Kind == TokenKind.Close)
        {
            Advance();
        }
        else if (!List(arguments))
        {
            return null;
        }

        return Bounded(new CeSqlNode.Call(name.Text.ToUpperInvariant(), arguments, name.Position), [.. arguments]);
    }

    private CeSqlNode? Like(CeSqlNode operand, bool negated)
    {
        WarnOfNot(operand, "LIKE");
        var position = TakeOperator(negated);
        return current.Kind == TokenKind.String
            ? Bounded(new CeSqlNode.Like(operand, Advance().Text, negated, position), operand)
            : Expected("a pattern in quotes");
    }

    private CeSqlNode? In(CeSqlNode operand, bool negated)
    {
        WarnOfNot(operand, "IN");
        var position = TakeOperator(negated);
        List<CeSqlNode> elements = [];
        return Take(TokenKind.Open, "(") && List(elements)
            ? Bounded(new CeSqlNode.In(operand, elements, negated, position), [operand, .. elements])
            : null;
    }

    private CeSqlNode? Binary(CeSqlNode left, Level level)
    {
        var token = Advance();
        if (level == Level.Comparison)
        {
            WarnOfNot(left, token.Text);
        }

        return Expression(level + 1) is { } right
            ? Bounded(new CeSqlNode.Binary(OperatorOf(token.Kind), left, right, token.Position), left, right)
            : null;
    }

    private CeSqlNode? Logic(CeSqlNode first)
    {
        var position = current.Position;
        List<CeSqlNode> operands = [first];
        List<CeSqlOperator> operators = [];
        while (LevelOf(current.Kind) == Level.Logic)
        {
            operators.Add(OperatorOf(Advance().Kind));
            if (Expression(Level.Comparison) is not { } operand)
            {
                return null;
            }

            operands.Add(operand);
        }

        if (operators.Distinct().Count() > 1)
        {
            warnings.Add($"at character {position}: AND, OR and XOR bind equally and group from the right; "
                + "set parentheses where they are mixed");
        }

        return Bounded(new CeSqlNode.Logic(operands, operators, position), [.. operands]);
    }

    // Expressions with commas between, to the closing parenthesis.
    private bool List(List<CeSqlNode> into)
    {
        while (Expression(Level.Logic) is { } item)
        {
            into.Add(item);
            if (current.Kind != TokenKind.Comma)
            {
                return Take(TokenKind.Close, "an operator, a comma or )");
            }

            Advance();
        }

        return false;
    }

    private void WarnOfNot(CeSqlNode operand, string before)
    {
        if (operand is CeSqlNode.Not && !parenthesised.Contains(operand))
        {
            warnings.Add($"at character {operand.Position}: NOT applies to what stands right behind it, not to the "
                + $"{before}; write NOT (…) or, with LIKE and IN, NOT before the operator");
        }
    }

    private int TakeOperator(bool negated)
    {
        var position = Advance().Position;
        if (negated)
        {
            Advance();
        }

        return position;
    }

    private bool Take(TokenKind kind, string expected)
    {
        if (current.Kind != kind)
        {
            Expected(expected);
            return false;
        }

        Advance();
        return true;
    }

    private Token Advance()
    {
        var taken = current;
        current = next;
        // Behind a mistake there is nothing: the parser stops there in any case.
        next = current.Kind is TokenKind.End or TokenKind.Faulty ? current : tokenizer.Next();
        return taken;
    }

    private CeSqlNode? Bounded(CeSqlNode node, params IEnumerable<CeSqlNode> children)
    {
        var placed = node.Above(children);
        return placed.Height > MaxHeight ? TooDeep(node.Position) : placed;
    }

    private CeSqlNode? TooDeep(int position) => Fail(position,
        $"the expression is nested deeper than {MaxHeight} levels here; flatten it or split it into several filters");

    private CeSqlNode? Expected(string what) => current.Kind switch
    {
        TokenKind.Faulty => Fail(current.Position, current.Text),
        TokenKind.End => Fail(current.Position, $"expected {what}, found the end"),
        TokenKind.String => Fail(current.Position, $"expected {what}, found a text"),
        TokenKind.Integer when current.Text[0] is '+' or '-' => Fail(current.Position,
            $"expected {what}, found the number {Cut()}; set a space behind {current.Text[0]} to add or subtract"),
        _ => Fail(current.Position, $"expected {what}, found {Cut()}"),
    };

    private string Cut() => current.Text.Length > 40 ? current.Text[..40] + "…" : current.Text;

    private CeSqlNode? Fail(int position, string message)
    {
        error ??= new CeSqlParseError(position, message);
        return null;
    }

    private static Level? LevelOf(TokenKind kind) => kind switch
    {
        TokenKind.Like => Level.Like,
        TokenKind.In => Level.In,
        TokenKind.Star or TokenKind.Slash or TokenKind.Percent => Level.Product,
        TokenKind.Plus or TokenKind.Minus => Level.Sum,
        TokenKind.Equal or TokenKind.NotEqual or TokenKind.Less or TokenKind.LessOrEqual
            or TokenKind.Greater or TokenKind.GreaterOrEqual => Level.Comparison,
        TokenKind.And or TokenKind.Or or TokenKind.Xor => Level.Logic,
        _ => null,
    };

    private static CeSqlOperator OperatorOf(TokenKind kind) => kind switch
    {
        TokenKind.Star => CeSqlOperator.Multiply,
        TokenKind.Slash => CeSqlOperator.Divide,
        TokenKind.Percent => CeSqlOperator.Remainder,
        TokenKind.Plus => CeSqlOperator.Add,
        TokenKind.Minus => CeSqlOperator.Subtract,
        TokenKind.Equal => CeSqlOperator.Equal,
        TokenKind.NotEqual => CeSqlOperator.NotEqual,
        TokenKind.Less => CeSqlOperator.Less,
        TokenKind.LessOrEqual => CeSqlOperator.LessOrEqual,
        TokenKind.Greater => CeSqlOperator.Greater,
        TokenKind.GreaterOrEqual => CeSqlOperator.GreaterOrEqual,
        TokenKind.And => CeSqlOperator.And,
        TokenKind.Or => CeSqlOperator.Or,
        _ => CeSqlOperator.Xor,
    };
}
