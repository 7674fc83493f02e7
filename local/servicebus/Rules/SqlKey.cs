// The equality that a SQL condition begins with: a property, and the strings that it may be.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <param name="Name">The application property.</param>
/// <param name="Values">The condition is false when the property is a string and none of these.</param>
/// <param name="IsWhole">Nothing else is in the condition: where the property is missing it is unknown.</param>
internal sealed record SqlKey(string Name, string[] Values, bool IsWhole)
{
    public static SqlKey? Of(SqlOperand property, SqlOperand[] constants)
    {
        if (property is not UserPropertyOperand
            || !constants.All(constant => constant is ConstantOperand { Value.Kind: SqlKind.Text }))
        {
            return null;
        }

        var values = constants.Select(constant => ((ConstantOperand)constant).Value.Text).Distinct();
        return new SqlKey(((UserPropertyOperand)property).Name, [.. values], true);
    }

    /// <summary>Of equalities joined by OR, when all are of one property and nothing else is among them.</summary>
    public static SqlKey? OfAny(SqlCondition[] parts)
    {
        var keys = parts.Select(part => part.Key).ToArray();
        return keys[0] is { } first && keys.All(key =>
                key is { IsWhole: true } && key.Name.Equals(first.Name, StringComparison.OrdinalIgnoreCase))
            ? first with { Values = [.. keys.SelectMany(key => key!.Values).Distinct()] }
            : null;
    }
}
