// The operands: constants, properties, functions and arithmetic.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal sealed class ConstantOperand(SqlValue value) : SqlOperand
{
    public SqlValue Value => value;

    public override SqlValue Evaluate(IMessageProperties message) => value;
}

/// <summary>A property that is named in the text; only these may be tested for NULL or existence, or be set.</summary>
internal abstract class PropertyOperand(string name) : SqlOperand
{
    public string Name => name;

    public abstract bool Exists(IMessageProperties message);
}

internal sealed class UserPropertyOperand(string name) : PropertyOperand(name)
{
    public override SqlValue Evaluate(IMessageProperties message) =>
        message.TryGetUser(Name, out var value) ? SqlValue.From(value) : SqlValue.Unknown;

    public override bool Exists(IMessageProperties message) => message.TryGetUser(Name, out _);
}

internal sealed class SystemPropertyOperand(string name) : PropertyOperand(SystemProperty.Spelled(name))
{
    public override SqlValue Evaluate(IMessageProperties message) => message.TryGetSystem(Name, out var value)
        ? SqlValue.From(value)
        : throw new RuleEvaluationException($"sys.{Name}: messages have no such property");

    // A message "has" all its own properties always; what EXISTS can mean is that this one is set.
    public override bool Exists(IMessageProperties message) =>
        message.TryGetSystem(Name, out var value) && value is not null;
}

/// <summary>property(name), where the name is itself computed.</summary>
internal sealed class PropertyFunction(SqlOperand name) : SqlOperand
{
    public override SqlValue Evaluate(IMessageProperties message)
    {
        var asked = name.Evaluate(message);
        return asked.Kind switch
        {
            SqlKind.Unknown => SqlValue.Unknown,
            SqlKind.Text => message.TryGetUser(asked.Text, out var value) ? SqlValue.From(value) : SqlValue.Unknown,
            _ => throw new RuleEvaluationException($"property() takes a name, a string, not {asked.Describe()}"),
        };
    }
}

internal sealed class NewIdFunction : SqlOperand
{
    public override SqlValue Evaluate(IMessageProperties message) => SqlValue.From(Guid.NewGuid());
}

internal sealed class ArithmeticOperand(SqlTokenKind operation, SqlOperand left, SqlOperand right) : SqlOperand
{
    public override SqlValue Evaluate(IMessageProperties message) =>
        SqlArithmetic.Apply(operation, left.Evaluate(message), right.Evaluate(message));
}

internal sealed class NegativeOperand(SqlOperand operand) : SqlOperand
{
    public override SqlValue Evaluate(IMessageProperties message) => SqlArithmetic.Negate(operand.Evaluate(message));
}

/// <summary>A plus sign changes nothing, but only numbers may bear one.</summary>
internal sealed class PositiveOperand(SqlOperand operand) : SqlOperand
{
    public override SqlValue Evaluate(IMessageProperties message)
    {
        var value = operand.Evaluate(message);
        return value.IsNumber || value.Kind is SqlKind.Unknown or SqlKind.Null or SqlKind.Span
            ? value
            : throw new RuleEvaluationException($"+ before {value.Describe()}: no such operation");
    }
}
