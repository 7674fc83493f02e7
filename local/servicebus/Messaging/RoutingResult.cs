// What the router decided for one message.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Copies to be made and message-ids to be remembered, all in one transaction of <paramref name="owner"/>: the publish,
/// the move or the client's transaction it belongs to.
/// </summary>
internal sealed class RoutingResult(object owner)
{
    public object Owner => owner;

    public List<Placement> Placements { get; } = [];

    public List<DuplicateClaim> Claims { get; } = [];

    /// <summary>
    /// Another's claim on the same message-id: nothing here is to be written until it is settled, then the message is
    /// routed anew.
    /// </summary>
    public DuplicateClaim? Awaited { get; set; }

    /// <summary>Nothing of it will be written.</summary>
    public void Withdraw() => Claims.ForEach(claim => claim.Withdraw());
}
