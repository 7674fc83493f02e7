// How many deliveries of a Trigger may be under way at once in each instance, from its annotation.
using System.Globalization;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Dispatching;

/// <summary>
/// <c>eventing.azure.dev/parallelism: "2"</c>: for subscribers that cannot bear what an egress may send them anyway, an
/// eighth of an instance's calls. A number above that changes nothing.
/// </summary>
internal sealed record Parallelism(int? Most, string? Problem)
{
    public const string Annotation = "eventing.azure.dev/parallelism";

    private const int Highest = 1000;

    public static Parallelism Of(Resource trigger)
    {
        var text = trigger.Annotation(Annotation);
        return text is null ? new Parallelism(null, null)
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most)
                && most is >= 1 and <= Highest
                ? new Parallelism(most, null)
                : new Parallelism(
                    null, $"Annotation {Annotation} is '{text}'; it must be a number from 1 to {Highest}, in quotes");
    }
}
