// Entity addresses as clients write them, taken apart.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>Which of an entity's parts an address means.</summary>
internal enum EntityPart
{
    Messages,
    DeadLetters,
    Management,
}

/// <summary>
/// <c>queue</c>, <c>topic/Subscriptions/sub</c>, each with an optional <c>/$DeadLetterQueue</c> and
/// <c>/$management</c>; a leading slash or a whole <c>amqp://host/…</c> is taken off; names compare without case.
/// </summary>
internal sealed record EntityPath(string Entity, EntityPart Part, bool OfDeadLetters)
{
    private const string DeadLetterSuffix = "/$DeadLetterQueue";
    private const string ManagementSuffix = "/$management";
    private const string SubscriptionsInfix = "/Subscriptions/";

    public static string OfSubscription(string topic, string subscription) => topic + SubscriptionsInfix + subscription;

    public static EntityPath Parse(string address)
    {
        var path = Strip(address);
        var management = TryCut(ref path, ManagementSuffix);
        var deadLetters = TryCut(ref path, DeadLetterSuffix);
        var part = management ? EntityPart.Management : deadLetters ? EntityPart.DeadLetters : EntityPart.Messages;
        return new EntityPath(path, part, deadLetters);
    }

    public static bool TrySplitSubscription(
        string entity, [NotNullWhen(true)] out string? topic, [NotNullWhen(true)] out string? subscription)
    {
        var at = entity.LastIndexOf(SubscriptionsInfix, StringComparison.OrdinalIgnoreCase);
        topic = at > 0 ? entity[..at] : null;
        subscription = at > 0 ? entity[(at + SubscriptionsInfix.Length)..] : null;
        return at > 0;
    }

    /// <summary>An entity name out of <c>sb://host/name</c>, <c>amqp://host:port/name</c> or <c>/name</c>.</summary>
    public static string Strip(string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0)
        {
            var slash = address.IndexOf('/', scheme + 3);
            address = slash < 0 ? "" : address[slash..];
        }

        return address.Trim('/');
    }

    private static bool TryCut(ref string path, string suffix)
    {
        if (!path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        path = path[..^suffix.Length];
        return true;
    }
}
