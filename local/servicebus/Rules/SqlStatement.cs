// One statement of a rule's action: set a property, or remove it.
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <param name="Target">The property.</param>
/// <param name="Value">What it is set to; null removes it.</param>
internal sealed record SqlStatement(PropertyOperand Target, SqlOperand? Value)
{
    public void Apply(IMutableMessageProperties message)
    {
        var value = Value?.Evaluate(message).Boxed;
        if (Target is SystemPropertyOperand)
        {
            message.SetSystem(Target.Name, value);
        }
        else if (Value is null)
        {
            message.RemoveUser(Target.Name);
        }
        else
        {
            message.SetUser(Target.Name, InTypeOfOld(message, value));
        }
    }

    // A number keeps the type of the number that it replaces, where that type can hold it.
    private object? InTypeOfOld(IMutableMessageProperties message, object? value)
    {
        if (!message.TryGetUser(Target.Name, out var old)
            || old is null || value is null || old.GetType() == value.GetType()
            || !SqlValue.From(old).IsNumber || !SqlValue.From(value).IsNumber)
        {
            return value;
        }

        try
        {
            var converted = Convert.ChangeType(value, old.GetType(), CultureInfo.InvariantCulture);
            return SqlComparison.TryEqual(SqlValue.From(converted), SqlValue.From(value)) == true ? converted : value;
        }
        catch (OverflowException)
        {
            return value;
        }
    }
}
