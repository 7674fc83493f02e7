// What a rule's text becomes: conditions, which are true, false or unknown, and operands, which have a value.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>Either of the two; immutable.</summary>
internal abstract class SqlNode;

internal abstract class SqlCondition : SqlNode
{
    /// <summary>What a message must have for this to be true, where that is equality to one of some strings.</summary>
    public virtual SqlKey? Key => null;

    public abstract Truth Evaluate(IMessageProperties message);
}

internal abstract class SqlOperand : SqlNode
{
    public abstract SqlValue Evaluate(IMessageProperties message);
}
