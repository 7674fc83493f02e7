// What the service says of the namespace.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>The tier of a namespace.</summary>
public enum MessagingSku
{
    /// <summary>Queues only.</summary>
    Basic,

    /// <summary>Topics too, on shared machines.</summary>
    Standard,

    /// <summary>Machines of its own.</summary>
    Premium,
}

/// <summary>The properties of a namespace.</summary>
public sealed class NamespaceProperties
{
    internal NamespaceProperties()
    {
    }

    /// <summary>The name.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedTime { get; internal init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset ModifiedTime { get; internal init; }

    /// <summary>The tier.</summary>
    public MessagingSku MessagingSku { get; internal init; }

    /// <summary>How many units it has; premium only.</summary>
    public int MessagingUnits { get; internal init; }
}
