// Whether an entity takes and gives messages.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>The Status element of the management API.</summary>
public enum EntityStatus
{
    Active,
    Disabled,
    SendDisabled,
    ReceiveDisabled,
}
