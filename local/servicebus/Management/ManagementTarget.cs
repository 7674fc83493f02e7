// What a management path is about.
namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>Kinds of resources in paths; a queue and a topic cannot be told apart by path.</summary>
internal enum TargetKind
{
    Namespace,
    Queues,
    Topics,
    Entity,
    Subscription,
    Rule,
}

/// <summary>A parsed path; for lists the last name is missing.</summary>
internal sealed record ManagementTarget(TargetKind Kind, string Path)
{
    private const string Subscriptions = "/Subscriptions";
    private const string Rules = "/Rules";

    public string? Topic { get; init; }

    public string? Subscription { get; init; }

    public string? Rule { get; init; }

    public bool IsList => Kind switch
    {
        TargetKind.Queues or TargetKind.Topics => true,
        TargetKind.Subscription => Subscription is null,
        TargetKind.Rule => Rule is null,
        _ => false,
    };

    public string ListTitle => Kind switch
    {
        TargetKind.Queues => "Queues",
        TargetKind.Topics => "Topics",
        TargetKind.Subscription => "Subscriptions",
        _ => "Rules",
    };

    public static ManagementTarget Parse(string path)
    {
        switch (path.ToLowerInvariant())
        {
            case "$namespaceinfo":
                return new ManagementTarget(TargetKind.Namespace, path);
            case "$resources/queues":
                return new ManagementTarget(TargetKind.Queues, path);
            case "$resources/topics":
                return new ManagementTarget(TargetKind.Topics, path);
            default:
                return ParseEntity(path);
        }
    }

    private static ManagementTarget ParseEntity(string path)
    {
        var (topic, tail) = Cut(path, Subscriptions);
        if (topic is null)
        {
            return new ManagementTarget(TargetKind.Entity, path);
        }

        var (subscription, ruleTail) = Cut(tail, Rules);
        return subscription is null
            ? new ManagementTarget(TargetKind.Subscription, path) { Topic = topic, Subscription = NullIfEmpty(tail) }
            : new ManagementTarget(TargetKind.Rule, path)
            {
                Topic = topic,
                Subscription = subscription,
                Rule = NullIfEmpty(ruleTail),
            };
    }

    /// <summary>
    /// Splits at a path segment: <c>a/Subscriptions/b</c>, or <c>a/Subscriptions</c> with an empty tail.
    /// </summary>
    private static (string? Head, string Tail) Cut(string path, string segment)
    {
        var at = path.LastIndexOf(segment + "/", StringComparison.OrdinalIgnoreCase);
        if (at > 0)
        {
            return (path[..at], path[(at + segment.Length + 1)..]);
        }

        return path.EndsWith(segment, StringComparison.OrdinalIgnoreCase) && path.Length > segment.Length
            ? (path[..^segment.Length], "")
            : (null, "");
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
