// Why something is not a CloudEvent: what is wrong, in which attribute, and how to mend it.
namespace ServerlessEventing.Functions.CloudEvents;

internal sealed record EventFault(string Detail, string? Attribute = null)
{
    /// <summary>The content is in a form that we do not read, rather than wrong.</summary>
    public bool UnsupportedFormat { get; init; }
}
