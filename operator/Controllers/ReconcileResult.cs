// What a reconcile wants to happen next.
namespace ServerlessEventing.Operator.Controllers;

/// <summary>Nothing more, a look again after a while, or a retry with growing waits because something failed.</summary>
public readonly record struct ReconcileResult(TimeSpan? After, string? Failure)
{
    public static readonly ReconcileResult Done = default;

    public static ReconcileResult Again(TimeSpan after) => new(after, null);

    public static ReconcileResult Failed(string why) => new(null, why);

    /// <summary>The more urgent of two.</summary>
    public ReconcileResult Or(ReconcileResult other) =>
        Failure is not null ? this
        : other.Failure is not null ? other
        : After is null ? other
        : other.After is null || After <= other.After ? this
        : other;
}
