// How many replicas a dispatching deployment may have, from annotations.
using System.Globalization;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Dispatching;

/// <summary>Bounds of a deployment, and how much backlog one replica is meant to take.</summary>
public sealed record DispatchSize(int Min, int Max, int MessagesPerReplica, string? Problem)
{
    public const string MinAnnotation = "eventing.azure.dev/min-replicas";
    public const string MaxAnnotation = "eventing.azure.dev/max-replicas";
    public const string MessagesAnnotation = "eventing.azure.dev/messages-per-replica";

    public static DispatchSize Of(Resource resource)
    {
        string? problem = null;
        var min = Number(resource, MinAnnotation, 0, 0, ref problem);
        var max = Number(resource, MaxAnnotation, 10, 1, ref problem);
        var messages = Number(resource, MessagesAnnotation, 100, 1, ref problem);
        if (min > max)
        {
            problem ??= $"Annotation {MinAnnotation} is {min}, above {MaxAnnotation} of {max}";
        }

        return new DispatchSize(Math.Min(min, max), max, messages, problem);
    }

    private static int Number(Resource resource, string annotation, int usual, int least, ref string? problem)
    {
        if (resource.Annotation(annotation) is not { } text)
        {
            return usual;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= 10_000)
        {
            return number;
        }

        problem ??= $"Annotation {annotation} is '{text}'; it must be a number from {least} to 10000";
        return usual;
    }
}
