// A number that is asked for, and what it came to.
namespace ServerlessEventing.Bench.Report;

/// <summary>What was measured, and how much it may be at most, or has to be at least.</summary>
internal sealed record Goal(string What, double Value, double? AtMost = null, double? AtLeast = null)
{
    public bool Met => Value <= (AtMost ?? double.MaxValue) && Value >= (AtLeast ?? double.MinValue);

    public override string ToString() =>
        FormattableString.Invariant($"{What}: {Value:0.000}, goal {(AtMost is null ? "≥" : "≤")} {AtMost ?? AtLeast}")
        + (Met ? "" : ", MISSED");
}
