// Which conditions make a kind Ready.
namespace ServerlessEventing.Operator.Resources;

/// <summary>
/// The conditions of a kind that Ready depends on; others are information and never count. Knative's "living
/// condition set" (knative/pkg apis/condition_set.go).
/// </summary>
public sealed record ConditionSet(params IReadOnlyList<string> Dependents)
{
    public const string Ready = "Ready";
}
