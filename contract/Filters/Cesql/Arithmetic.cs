// Calculation and ordering: both sides become Integers of 32 bits, and sums that leave them wrap round.
namespace ServerlessEventing.Contract.Filters.Cesql;

internal static class Arithmetic
{
    public static Evaluation Compile(CeSqlNode.Binary node, Evaluation first, Evaluation second)
    {
        var zero = node.Operator is CeSqlOperator.Less or CeSqlOperator.LessOrEqual
            or CeSqlOperator.Greater or CeSqlOperator.GreaterOrEqual ? CeSqlType.Boolean : CeSqlType.Integer;
        return (attributes, scoped ref fault) =>
        {
            var left = first(attributes, ref fault);
            if (fault.IsSet)
            {
                return Operand.ZeroOf(zero);
            }

            var right = second(attributes, ref fault);
            if (fault.IsSet
                || !EvaluationCompiler.TryCast(ref left, CeSqlType.Integer, node.Left.Position, ref fault)
                || !EvaluationCompiler.TryCast(ref right, CeSqlType.Integer, node.Right.Position, ref fault))
            {
                return Operand.ZeroOf(zero);
            }

            return Calculate(node, left.Number, right.Number, ref fault);
        };
    }

    private static Operand Calculate(CeSqlNode.Binary node, int left, int right, scoped ref Fault fault)
    {
        switch (node.Operator)
        {
            case CeSqlOperator.Less:
                return Operand.Of(left < right);
            case CeSqlOperator.LessOrEqual:
                return Operand.Of(left <= right);
            case CeSqlOperator.Greater:
                return Operand.Of(left > right);
            case CeSqlOperator.GreaterOrEqual:
                return Operand.Of(left >= right);
            case CeSqlOperator.Add:
                return Operand.Of(unchecked(left + right));
            case CeSqlOperator.Subtract:
                return Operand.Of(unchecked(left - right));
            case CeSqlOperator.Multiply:
                return Operand.Of(unchecked(left * right));
            case CeSqlOperator.Divide or CeSqlOperator.Remainder when right == 0:
                fault.Math(node.Position, "division by zero");
                return Operand.Of(0);

            // In 64 bits, because int.MinValue / -1 throws in 32.
            case CeSqlOperator.Divide:
                return Operand.Of(unchecked((int)((long)left / right)));
            default:
                return Operand.Of((int)((long)left % right));
        }
    }
}
