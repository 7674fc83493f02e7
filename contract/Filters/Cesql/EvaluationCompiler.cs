// Turns the tree into closures: one delegate a node, everything that can be known beforehand known.
namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>
/// The value of one node for an event. With <paramref name="fault"/> set the value is the zero of the node's type (or
/// what the function returns beside its error), and nothing further is evaluated.
/// </summary>
internal delegate Operand Evaluation(IEventAttributes attributes, scoped ref Fault fault);

/// <summary>Compiles nodes. Depth of recursion, here and at evaluation, is what the parser bounded.</summary>
internal static class EvaluationCompiler
{
    public static Evaluation Compile(CeSqlNode node) => node switch
    {
        CeSqlNode.Literal literal => Constant(literal.Value),
        CeSqlNode.Attribute attribute => AttributeText(attribute),
        CeSqlNode.Exists exists => Presence(exists.Name),
        CeSqlNode.Not not => Inverse(not),
        CeSqlNode.Negate negate => Negative(negate),
        CeSqlNode.Like like => Match(like),
        CeSqlNode.In membership => Membership(membership),
        CeSqlNode.Binary { Operator: CeSqlOperator.Equal or CeSqlOperator.NotEqual } binary => Equality(binary),
        CeSqlNode.Binary binary => Arithmetic.Compile(binary, Compile(binary.Left), Compile(binary.Right)),
        CeSqlNode.Logic logic => Chain(logic),
        CeSqlNode.Call call => Functions.Compile(call, [.. call.Arguments.Select(Compile)]),
        _ => throw new ArgumentOutOfRangeException(nameof(node), node, "no such node"),
    };

    /// <summary>Casts, or sets the fault.</summary>
    public static bool TryCast(ref Operand value, CeSqlType type, int position, scoped ref Fault fault)
    {
        if (value.TryCast(type, out var cast))
        {
            value = cast;
            return true;
        }

        fault.Cast(position, value, type);
        return false;
    }

    private static Evaluation Constant(CeSqlValue value) => value.Type switch
    {
        CeSqlType.Boolean => (_, scoped ref _) => Operand.Of(value.Number != 0),
        CeSqlType.Integer => (_, scoped ref _) => Operand.Of(value.Number),
        _ => (_, scoped ref _) => Operand.Of(value.Text),
    };

    private static Evaluation AttributeText(CeSqlNode.Attribute node) => (attributes, scoped ref fault) =>
    {
        if (attributes.TryGet(node.Name, out var text))
        {
            return Operand.Of(text);
        }

        // Of an attribute standing alone the specification has this returned.
        fault.MissingAttribute(node.Position, node.Name);
        return Operand.Of(false);
    };

    // An event without these is none, so they need no look.
    private static Evaluation Presence(string name) => name is "id" or "source" or "specversion" or "type"
        ? (_, scoped ref _) => Operand.Of(true)
        : (attributes, scoped ref _) => Operand.Of(attributes.TryGet(name, out var _));

    private static Evaluation Inverse(CeSqlNode.Not node)
    {
        var operand = Compile(node.Operand);
        return (attributes, scoped ref fault) =>
        {
            var value = operand(attributes, ref fault);
            return Operand.Of(!fault.IsSet
                && TryCast(ref value, CeSqlType.Boolean, node.Operand.Position, ref fault)
                && value.Number == 0);
        };
    }

    private static Evaluation Negative(CeSqlNode.Negate node)
    {
        var operand = Compile(node.Operand);
        return (attributes, scoped ref fault) =>
        {
            var value = operand(attributes, ref fault);
            return !fault.IsSet && TryCast(ref value, CeSqlType.Integer, node.Operand.Position, ref fault)
                ? Operand.Of(unchecked(-value.Number))
                : Operand.Of(0);
        };
    }

    private static Evaluation Match(CeSqlNode.Like node)
    {
        var operand = Compile(node.Operand);
        var pattern = new LikePattern(node.Pattern);
        return (attributes, scoped ref fault) =>
        {
            var value = operand(attributes, ref fault);
            return Operand.Of(!fault.IsSet
                && TryCast(ref value, CeSqlType.String, node.Operand.Position, ref fault)
                && pattern.Matches(value.Text) != node.Negated);
        };
    }

    private static Evaluation Membership(CeSqlNode.In node)
    {
        var operand = Compile(node.Operand);
        Evaluation[] elements = [.. node.Elements.Select(Compile)];
        return (attributes, scoped ref fault) =>
        {
            var value = operand(attributes, ref fault);
            for (var i = 0; i < elements.Length && !fault.IsSet; i++)
            {
                var element = elements[i](attributes, ref fault);
                if (!fault.IsSet && TryCast(ref element, value.Type, node.Elements[i].Position, ref fault)
                    && Operand.AreEqual(value, element))
                {
                    return Operand.Of(!node.Negated);
                }
            }

            return Operand.Of(!fault.IsSet && node.Negated);
        };
    }

    // The left side becomes the right side's type: 'TRUE' = true is true, true = 'TRUE' is not.
    private static Evaluation Equality(CeSqlNode.Binary node)
    {
        var (first, second) = (Compile(node.Left), Compile(node.Right));
        var wanted = node.Operator == CeSqlOperator.Equal;
        return (attributes, scoped ref fault) =>
        {
            var left = first(attributes, ref fault);
            if (fault.IsSet)
            {
                return Operand.Of(false);
            }

            var right = second(attributes, ref fault);
            return Operand.Of(!fault.IsSet && TryCast(ref left, right.Type, node.Left.Position, ref fault)
                && Operand.AreEqual(left, right) == wanted);
        };
    }

    // a op (b op (c …)), from the left and without recursion: what is known so far either decides, or is whether the
    // rest has to be inverted (XOR with true).
    private static Evaluation Chain(CeSqlNode.Logic node)
    {
        Evaluation[] operands = [.. node.Operands.Select(Compile)];
        return (attributes, scoped ref fault) =>
        {
            var inverted = false;
            for (var i = 0; ; i++)
            {
                var value = operands[i](attributes, ref fault);
                if (fault.IsSet || !TryCast(ref value, CeSqlType.Boolean, node.Operands[i].Position, ref fault))
                {
                    return Operand.Of(false);
                }

                var holds = value.Number != 0;
                if (i == operands.Length - 1
                    || (node.Operators[i] == CeSqlOperator.And && !holds)
                    || (node.Operators[i] == CeSqlOperator.Or && holds))
                {
                    return Operand.Of(holds != inverted);
                }

                inverted ^= node.Operators[i] == CeSqlOperator.Xor && holds;
            }
        };
    }
}
