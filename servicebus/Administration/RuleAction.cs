// What a rule does to the messages it lets in.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>The action of a rule.</summary>
public abstract class RuleAction : IEquatable<RuleAction>
{
    internal RuleAction()
    {
    }

    /// <summary>Whether both hold the same values; texts are compared ordinally, case and all.</summary>
    public abstract bool Equals(RuleAction? other);

    /// <inheritdoc />
    public sealed override bool Equals(object? obj) => Equals(obj as RuleAction);

    /// <inheritdoc />
    public abstract override int GetHashCode();

    /// <summary>Whether two actions hold the same values.</summary>
    public static bool operator ==(RuleAction? left, RuleAction? right) => Equals(left, right);

    /// <summary>Whether two actions differ.</summary>
    public static bool operator !=(RuleAction? left, RuleAction? right) => !Equals(left, right);
}
