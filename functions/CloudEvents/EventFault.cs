// Why something is not a CloudEvent: what is wrong, in which attribute, and how to mend it.
namespace ServerlessEventing.Functions.CloudEvents;

internal sealed record EventFault(string Detail, string? Attribute = null)
{
    /// <summary>The content is in a form that we do not read, rather than wrong.</summary>
    public bool UnsupportedFormat { get; init; }

    /// <summary>Which element of a batch it is, counted from 0; null when it is the only one, or all of it.</summary>
    public int? Index { get; init; }
}
