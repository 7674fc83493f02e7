// A destination with its address parsed once.
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Routing;

/// <summary>Where an event goes: onto a topic of ours, or by HTTP to <see cref="Address"/>.</summary>
internal sealed class Target
{
    private Target(Destination destination)
    {
        Destination = destination;
        Address = Uri.TryCreate(destination.Uri, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? uri
            : null;
        Shown = Address?.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            ?? destination.Uri;
    }

    public Destination Destination { get; }

    /// <summary>The http or https address; null when the text is none, which counts as unreachable.</summary>
    public Uri? Address { get; }

    /// <summary>The address without what may be secret in it.</summary>
    public string Shown { get; }

    /// <summary>The topic that is published to instead of a POST, or null.</summary>
    public string? Topic => Destination.Topic;

    public static Target? Of(Destination? destination) => destination is null ? null : new(destination);
}
