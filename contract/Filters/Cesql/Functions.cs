// The functions of CloudEvents SQL v1, and IS_INT and IS_BOOL, which Knative has beside them.
using System.Text;

namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>
/// One table row a function. Characters are Unicode code points, positions count from 1, and from the end if negative.
/// </summary>
internal static class Functions
{
    /// <summary>Nested CONCATs could make a text of gigabytes from a short expression; no event has so much.</summary>
    private const int MaxText = 64 * 1024;

    private const CeSqlType Bool = CeSqlType.Boolean;
    private const CeSqlType Int = CeSqlType.Integer;
    private const CeSqlType Text = CeSqlType.String;

    private static readonly Dictionary<string, Signature[]> Known = new(StringComparer.Ordinal)
    {
        ["ABS"] = [new(Int, [Int], Absolute)],
        ["BOOL"] = [new(Bool, [Bool], (a, scoped ref _) => a.First)],
        ["CONCAT"] = [],
        ["CONCAT_WS"] = [],
        ["INT"] = [new(Int, [Int], (a, scoped ref _) => a.First)],
        ["IS_BOOL"] = [new(Bool, [null], (a, scoped ref _) => Operand.Of(a.First.TryCast(Bool, out var _)))],
        ["IS_INT"] = [new(Bool, [null], (a, scoped ref _) => Operand.Of(a.First.TryCast(Int, out var _)))],
        ["LEFT"] = [new(Text, [Text, Int], (a, scoped ref f) => Side(a, fromLeft: true, ref f))],
        ["LENGTH"] = [new(Int, [Text], (a, scoped ref _) => Operand.Of(Count(a.First.Text)))],
        ["LOWER"] = [new(Text, [Text], (a, scoped ref _) => Operand.Of(a.First.Text.ToString().ToLowerInvariant()))],
        ["RIGHT"] = [new(Text, [Text, Int], (a, scoped ref f) => Side(a, fromLeft: false, ref f))],
        ["STRING"] = [new(Text, [Text], (a, scoped ref _) => a.First)],
        ["SUBSTRING"] = [new(Text, [Text, Int], Substring), new(Text, [Text, Int, Int], Substring)],
        ["TRIM"] = [new(Text, [Text], (a, scoped ref _) => Operand.Of(a.First.Text.Trim()))],
        ["UPPER"] = [new(Text, [Text], (a, scoped ref _) => Operand.Of(a.First.Text.ToString().ToUpperInvariant()))],
    };

    private delegate Operand Body(Arguments arguments, scoped ref Fault fault);

    /// <summary>A call with its arguments compiled. An unknown function is an error of the evaluation.</summary>
    public static Evaluation Compile(CeSqlNode.Call call, Evaluation[] arguments)
    {
        if (call.Name == "CONCAT" || (call.Name == "CONCAT_WS" && arguments.Length > 0))
        {
            return Concat(call, arguments, isSeparated: call.Name == "CONCAT_WS");
        }

        var signature = Known.TryGetValue(call.Name, out var signatures)
            ? Array.Find(signatures, one => one.Parameters.Length == arguments.Length)
            : null;
        if (signature is null)
        {
            return (_, scoped ref fault) =>
            {
                fault.MissingFunction(call.Position, call.Name);
                return Operand.Of(false);
            };
        }

        return (attributes, scoped ref fault) =>
        {
            var given = new Arguments { Count = arguments.Length, Position = call.Position };
            for (var i = 0; i < arguments.Length; i++)
            {
                var value = arguments[i](attributes, ref fault);
                if (fault.IsSet || (signature.Parameters[i] is { } type
                    && !EvaluationCompiler.TryCast(ref value, type, call.Arguments[i].Position, ref fault)))
                {
                    return Operand.ZeroOf(signature.Result);
                }

                switch (i)
                {
                    case 0:
                        given.First = value;
                        break;
                    case 1:
                        given.Second = value.Number;
                        break;
                    default:
                        given.Third = value.Number;
                        break;
                }
            }

            return signature.Run(given, ref fault);
        };
    }

    private static Evaluation Concat(CeSqlNode.Call call, Evaluation[] arguments, bool isSeparated) =>
        (attributes, scoped ref fault) =>
        {
            var joined = new StringBuilder();
            var separator = "";
            for (var i = 0; i < arguments.Length; i++)
            {
                var value = arguments[i](attributes, ref fault);
                if (fault.IsSet || !EvaluationCompiler.TryCast(
                    ref value, Text, call.Arguments[i].Position, ref fault))
                {
                    return Operand.ZeroOf(Text);
                }

                if (isSeparated && i == 0)
                {
                    separator = value.Text.ToString();
                    continue;
                }

                joined.Append(i > 1 ? separator : "").Append(value.Text);
                if (joined.Length > MaxText)
                {
                    fault.Function(call.Position, $"{call.Name} makes a text of more than {MaxText} characters");
                    return Operand.ZeroOf(Text);
                }
            }

            return Operand.Of(joined.ToString());
        };

    private static Operand Absolute(Arguments arguments, scoped ref Fault fault)
    {
        if (arguments.First.Number != int.MinValue)
        {
            return Operand.Of(Math.Abs(arguments.First.Number));
        }

        fault.Math(arguments.Position, "ABS of -2147483648 does not fit an Integer");
        return Operand.Of(int.MaxValue);
    }

    private static Operand Side(Arguments arguments, bool fromLeft, scoped ref Fault fault)
    {
        var text = arguments.First.Text;
        if (arguments.Second < 0)
        {
            fault.Function(arguments.Position, "LEFT and RIGHT take a length of 0 or more");
            return arguments.First;
        }

        var length = Count(text);
        var wanted = Math.Min(arguments.Second, length);
        return Operand.Of(fromLeft ? text[..Offset(text, wanted)] : text[Offset(text, length - wanted)..]);
    }

    private static Operand Substring(Arguments arguments, scoped ref Fault fault)
    {
        var text = arguments.First.Text;
        var length = Count(text);
        var (start, take) = (arguments.Second, arguments.Count == 3 ? arguments.Third : length);
        if (start < -length || start > length || take < 0)
        {
            fault.Function(arguments.Position, take < 0
                ? "SUBSTRING takes a length of 0 or more"
                : $"SUBSTRING starts at {start}, outside of a text of {length} characters");
            return Operand.ZeroOf(Text);
        }

        if (start == 0)
        {
            return Operand.ZeroOf(Text);
        }

        var rest = text[Offset(text, start > 0 ? start - 1 : length + start)..];
        return Operand.Of(rest[..Offset(rest, take)]);
    }

    private static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    // Where the character of this number starts, or the end.
    private static int Offset(ReadOnlySpan<char> text, int characters)
    {
        var offset = 0;
        while (characters-- > 0 && offset < text.Length)
        {
            Rune.DecodeFromUtf16(text[offset..], out _, out var units);
            offset += units;
        }

        return offset;
    }

    // What a function is given: no function takes more than one text.
    private ref struct Arguments
    {
        public int Count;
        public int Position;
        public Operand First;
        public int Second;
        public int Third;
    }

    /// <summary>A parameter without type takes any value as it is.</summary>
    private sealed record Signature(CeSqlType Result, CeSqlType?[] Parameters, Body Run);
}
