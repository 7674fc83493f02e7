// A place an event can be sent to.
namespace ServerlessEventing.Contract.Routing;

/// <summary>
/// A place an event can be sent to: an address, and for a Broker or Channel of ours also the topic behind it, so that
/// the event goes straight onto the bus.
/// </summary>
public sealed record Destination
{
    /// <summary>Absolute http or https address; also there when <see cref="Topic"/> is used, for reports.</summary>
    public required string Uri { get; init; }

    /// <summary>Service Bus topic of our own Broker or Channel behind the address, or null.</summary>
    public string? Topic { get; init; }

    /// <summary>PEM certificates to trust for an https address, beside the system's; or null.</summary>
    public string? CaCerts { get; init; }

    /// <summary>OIDC audience of the address, or null.</summary>
    public string? Audience { get; init; }
}
