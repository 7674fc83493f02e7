// Which messages a rule lets into its bus subscription.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>The condition of a rule.</summary>
public abstract class RuleFilter : IEquatable<RuleFilter>
{
    internal RuleFilter()
    {
    }

    /// <summary>Whether both hold the same values; texts are compared ordinally, case and all.</summary>
    public abstract bool Equals(RuleFilter? other);

    /// <inheritdoc />
    public sealed override bool Equals(object? obj) => Equals(obj as RuleFilter);

    /// <inheritdoc />
    public abstract override int GetHashCode();

    /// <summary>Whether two filters hold the same values.</summary>
    public static bool operator ==(RuleFilter? left, RuleFilter? right) => Equals(left, right);

    /// <summary>Whether two filters differ.</summary>
    public static bool operator !=(RuleFilter? left, RuleFilter? right) => !Equals(left, right);

    internal static bool SameEntries(IDictionary<string, object> left, IDictionary<string, object> right) =>
        left.Count == right.Count
        && left.All(entry => right.TryGetValue(entry.Key, out var value) && Equals(entry.Value, value));
}
