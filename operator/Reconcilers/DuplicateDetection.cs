// Whether a Broker or Channel drops an event it saw before, from its annotation.
using System.Xml;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// <c>eventing.azure.dev/duplicate-detection: PT10M</c>: the topic forgets an event's source and id after that time. It
/// can be given only when the topic is made; the bus never switches it on or off later.
/// </summary>
internal sealed record DuplicateDetection(TimeSpan? Window, string? Problem)
{
    public const string Annotation = "eventing.azure.dev/duplicate-detection";

    // What Service Bus takes.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public static DuplicateDetection Of(Resource resource)
    {
        if (resource.Annotation(Annotation) is not { } text)
        {
            return new DuplicateDetection(null, null);
        }

        try
        {
            var window = XmlConvert.ToTimeSpan(text);
            if (window >= Shortest && window <= Longest)
            {
                return new DuplicateDetection(window, null);
            }
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            // Reported below, together with what is out of bounds.
        }

        return new DuplicateDetection(null,
            $"Annotation {Annotation} is '{text}'; it must be an ISO 8601 duration from PT20S to P7D, such as PT10M");
    }
}
