// Whether an entity takes and gives messages.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>The status of a queue, topic or bus subscription.</summary>
public readonly record struct EntityStatus
{
    private readonly string? name;

    /// <summary>A status by its name.</summary>
    public EntityStatus(string value) => name = value;

    /// <summary>Takes and gives messages.</summary>
    public static EntityStatus Active { get; } = new("Active");

    /// <summary>Neither takes nor gives.</summary>
    public static EntityStatus Disabled { get; } = new("Disabled");

    /// <summary>Gives, but does not take.</summary>
    public static EntityStatus SendDisabled { get; } = new("SendDisabled");

    /// <summary>Takes, but does not give.</summary>
    public static EntityStatus ReceiveDisabled { get; } = new("ReceiveDisabled");

    /// <inheritdoc />
    public override string ToString() => name ?? "Active";
}
