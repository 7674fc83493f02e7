// Settings of a sender.
namespace ServerlessEventing.ServiceBus;

/// <summary>Options of a <see cref="ServiceBusSender"/>.</summary>
public sealed class ServiceBusSenderOptions
{
    /// <summary>Names the sender in the service's diagnostics; made up when not set.</summary>
    public string? Identifier { get; set; }
}
