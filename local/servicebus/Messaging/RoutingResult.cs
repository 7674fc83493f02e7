// What the router decided for one message.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Copies to be made and message-ids to be remembered, all in one transaction.</summary>
internal sealed class RoutingResult
{
    public List<Placement> Placements { get; } = [];

    public List<DuplicateClaim> Claims { get; } = [];
}
