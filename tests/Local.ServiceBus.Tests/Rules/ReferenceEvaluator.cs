// A slow evaluator written from Azure's documentation alone; C#'s own dynamic binding is its operators.
using System.Text.RegularExpressions;
using Microsoft.CSharp.RuntimeBinder;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

/// <summary>
/// "Operators follow C# semantics", "a property that does not exist is unknown", the AND and OR tables. What the
/// documentation leaves open is decided here as the engine decides it: NULL under LIKE is unknown, NULL is neither
/// before nor after anything, arithmetic with NULL is NULL, AND and OR go from the left and stop when they know.
/// </summary>
internal static class ReferenceEvaluator
{
    private static readonly object _unknown = new();

    /// <summary>True, false, unknown or an error, as T, F, U, E.</summary>
    public static char Evaluate(RuleTree tree, IReadOnlyDictionary<string, object?> message)
    {
        try
        {
            return Condition(tree, message) switch { true => 'T', false => 'F', _ => 'U' };
        }
        catch (Exception fault) when (fault is RuntimeBinderException or DivideByZeroException or InvalidCastException)
        {
            return 'E';
        }
    }

    private static bool? Condition(RuleTree tree, IReadOnlyDictionary<string, object?> message)
    {
        switch (tree)
        {
            case RuleTree.Logic { Word: "AND" } and:
                var first = Condition(and.Left, message);
                return first == false ? false : first & Condition(and.Right, message);
            case RuleTree.Logic or:
                var one = Condition(or.Left, message);
                return one == true ? true : one | Condition(or.Right, message);
            case RuleTree.Not not:
                return !Condition(not.Inner, message);
            case RuleTree.Compare compare:
                return Compare(compare.Sign, Value(compare.Left, message), Value(compare.Right, message));
            case RuleTree.In within:
                var among = Among(Value(within.Left, message), within.List, message);
                return within.Negated ? !among : among;
            case RuleTree.Like like:
                var alike = Like(Value(like.Left, message), like.Pattern, like.Escape);
                return like.Negated ? !alike : alike;
            case RuleTree.IsNull isNull:
                return isNull.Negated != (message.GetValueOrDefault(isNull.Name) is null);
            case RuleTree.Exists exists:
                return message.ContainsKey(exists.Name);
            default:
                throw new InvalidOperationException($"{tree} is no condition");
        }
    }

    private static object? Value(RuleTree tree, IReadOnlyDictionary<string, object?> message)
    {
        switch (tree)
        {
            case RuleTree.Constant constant:
                return constant.Value;
            case RuleTree.Property property:
                return message.TryGetValue(property.Name, out var held) ? held : _unknown;
            case RuleTree.Negative negative:
                var value = Value(negative.Inner, message);
                return value is null || value == _unknown ? value : -(dynamic)value;
            case RuleTree.Arithmetic arithmetic:
                return Compute(arithmetic.Sign, Value(arithmetic.Left, message), Value(arithmetic.Right, message));
            default:
                throw new InvalidOperationException($"{tree} is no operand");
        }
    }

    private static object? Compute(string sign, object? left, object? right)
    {
        if (left == _unknown || right == _unknown)
        {
            return _unknown;
        }

        if (sign == "+" && (left is string || right is string))
        {
            return string.Concat(left, right);
        }

        if (left is null || right is null)
        {
            return null;
        }

        return sign switch
        {
            "+" => (dynamic)left + (dynamic)right,
            "-" => (dynamic)left - (dynamic)right,
            "*" => (dynamic)left * (dynamic)right,
            "/" => (dynamic)left / (dynamic)right,
            _ => (dynamic)left % (dynamic)right,
        };
    }

    private static bool? Compare(string sign, object? left, object? right)
    {
        if (left == _unknown || right == _unknown)
        {
            return null;
        }

        if (left is null || right is null)
        {
            return sign switch
            {
                "=" => left is null && right is null,
                "<>" or "!=" => left is not null || right is not null,
                _ => false,
            };
        }

        return sign switch
        {
            "=" => (dynamic)left == (dynamic)right,
            "<>" or "!=" => (dynamic)left != (dynamic)right,
            "<" => (dynamic)left < (dynamic)right,
            "<=" => (dynamic)left <= (dynamic)right,
            ">" => (dynamic)left > (dynamic)right,
            _ => (dynamic)left >= (dynamic)right,
        };
    }

    private static bool? Among(object? left, RuleTree[] list, IReadOnlyDictionary<string, object?> message)
    {
        if (left == _unknown)
        {
            return null;
        }

        bool? any = false;
        foreach (var element in list)
        {
            any |= Compare("=", left, Value(element, message));
            if (any == true)
            {
                break;
            }
        }

        return any;
    }

    private static bool? Like(object? text, string pattern, char? escape)
    {
        if (text is null || text == _unknown)
        {
            return null;
        }

        var regex = "";
        for (var i = 0; i < pattern.Length; i++)
        {
            regex += pattern[i] == escape ? Regex.Escape(pattern[++i].ToString())
                : pattern[i] == '%' ? ".*"
                : pattern[i] == '_' ? "."
                : Regex.Escape(pattern[i].ToString());
        }

        return Regex.IsMatch((string)text, $@"\A{regex}\z", RegexOptions.Singleline);
    }
}
