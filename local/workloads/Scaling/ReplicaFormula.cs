// How many replicas there should be: KEDA's part, and the horizontal autoscaler's.
namespace ServerlessEventing.Local.Workloads.Scaling;

/// <summary>
/// <code>
///   KEDA, each poll         0 → max(1, min)   as soon as one trigger is active
///                           n → 0             none active for the cooldown, and min is 0
///                           n → min           below it
///   autoscaler, each sync   n → ⌈value ÷ target⌉ of the trigger that asks for most, within max(1, min) and max;
///                               a tenth more or less is no reason; at most ×2 or +4 at once; 0 stays KEDA's
/// </code>
/// Sources: keda.sh/docs, "Scaling Deployments"; kubernetes.io, "Horizontal Pod Autoscaling", algorithm and behaviour.
/// </summary>
internal static class ReplicaFormula
{
    private const double Tolerance = 0.1;
    private const int MostAdded = 4;

    /// <summary>KEDA's answer. A count that is missing takes nothing away.</summary>
    public static int Activated(
        int current, IReadOnlyCollection<ScalerAnswer> answers, bool isCooled, int min)
    {
        if (answers.Any(answer => answer.IsActive))
        {
            return current == 0 ? Math.Max(1, min) : current;
        }

        return min > 0 || current == 0 ? Math.Max(current, min)
            : isCooled && answers.All(answer => answer.Problem is null) ? 0
            : current;
    }

    /// <summary>
    /// The autoscaler's answer, before its look back at earlier ones. <paramref name="current"/> is above 0.
    /// </summary>
    public static int Recommended(int current, IReadOnlyCollection<ScalerAnswer> answers, int min, int max)
    {
        var known = answers.Where(answer => answer.Problem is null).ToList();
        var wanted = known.Select(answer => Of(answer, current)).DefaultIfEmpty(current).Max();
        if (known.Count < answers.Count)
        {
            wanted = Math.Max(wanted, current);
        }

        wanted = Math.Min(wanted, Math.Max(current * 2, current + MostAdded));
        return Math.Clamp(wanted, Math.Max(1, min), Math.Max(1, max));
    }

    private static int Of(ScalerAnswer answer, int current)
    {
        var ratio = answer.Value / (answer.Target * current);
        return Math.Abs(1 - ratio) <= Tolerance
            ? current
            : (int)Math.Min(int.MaxValue / 2, Math.Ceiling(answer.Value / answer.Target));
    }
}
