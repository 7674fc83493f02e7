// One cron source: when it ticks and what event each tick makes.
using ServerlessEventing.Contract.Cron;

namespace ServerlessEventing.Contract.Routing;

/// <summary>One cron source (PingSource or CronJobSource).</summary>
public sealed record Schedule
{
    private static readonly Dictionary<string, string> NoOthers = [];

    /// <summary>UID of the source; also the <c>eventing_egress</c> its ticks are delivered through.</summary>
    public required string Uid { get; init; }

    /// <summary>The source's metadata.generation; part of each tick's MessageId.</summary>
    public required long Generation { get; init; }

    /// <summary>Cron text in robfig/cron's dialect: five or six fields, or a descriptor.</summary>
    public required string Cron { get; init; }

    /// <summary>IANA time zone the schedule is read in.</summary>
    public string TimeZone { get; init => field = value ?? "UTC"; } = "UTC";

    /// <summary>Whose rules <see cref="Cron"/> is read by.</summary>
    public CronDialect Dialect { get; init; }

    /// <summary>
    /// When this generation came into force: ticks before it are not its own. Those from then on that an earlier
    /// generation has planned are discarded.
    /// </summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>CloudEvent type of each tick.</summary>
    public required string Type { get; init; }

    /// <summary>CloudEvent source of each tick.</summary>
    public required string Source { get; init; }

    /// <summary>Further attributes of each tick.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init => field = value ?? NoOthers; } = NoOthers;

    /// <summary>Media type of <see cref="Data"/>, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>The event's data, or null for none.</summary>
    public byte[]? Data { get; init; }
}
