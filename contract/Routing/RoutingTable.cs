// The one document the operator writes and the functions read: every address, subscriber and schedule, resolved.
namespace ServerlessEventing.Contract.Routing;

/// <summary>
/// Everything the data plane needs to know, in one versioned document. The operator resolves references, defaults and
/// inheritance before it writes; the functions resolve nothing. Swapped in whole, so a request sees one table.
/// Only required members have to be there: what is absent from a document, because an older operator wrote it, has its
/// default, although the serializer sets every <c>init</c> member it does not find to null.
/// </summary>
public sealed record RoutingTable
{
    /// <summary>The newest document shape this build reads and writes.</summary>
    public const int CurrentReader = 1;

    /// <summary>A table with nothing in it: generation 0.</summary>
    public static readonly RoutingTable Empty = new();

    /// <summary>Rises by at least one with every change; never falls, not even over an operator restart.</summary>
    public long Generation { get; init; }

    /// <summary>The lowest reader version that understands this document; a lower one keeps its last table.</summary>
    public int MinReader { get; init; } = CurrentReader;

    /// <summary>Addresses that take events in.</summary>
    public IReadOnlyList<Ingress> Ingresses { get; init => field = value ?? []; } = [];

    /// <summary>One subscriber's path each: a Trigger, a Subscription or a source.</summary>
    public IReadOnlyList<Egress> Egresses { get; init => field = value ?? []; } = [];

    /// <summary>Cron sources.</summary>
    public IReadOnlyList<Schedule> Schedules { get; init => field = value ?? []; } = [];

    /// <summary>Lanes that are too full to take more.</summary>
    public Pressure Pressure { get; init => field = value ?? new(); } = new();
}
