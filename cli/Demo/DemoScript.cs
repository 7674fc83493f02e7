// What the demo sends, and what samples/walkthrough and samples/shop must make of it.
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.Cli.Demo;

/// <summary>
/// Knative v0.7's walkthrough, then a day in a small shop. The expectation is written down by hand, so that the house
/// cannot grade its own work.
/// <code>
/// default   Kubernetes Event ─► ApiServerSource ─► Broker ─► testevents-trigger ─► event-display
/// shop      order.placed ─► orders; priority (any of: region eu, subject large-…: some match both, and arrive once)
///           payment.received ─► payments (answers 503 twice, then accepts)
///           order.paid ─► shipping ─reply─► order.shipped ─► notifications
///           audit.recorded ─► audit (always 500) ─► dead letters
/// </code>
/// </summary>
internal static class DemoScript
{
    public const string Broker = "default";
    public const string WalkthroughNamespace = "default";
    public const string ShopNamespace = "shop";
    public const string ReplyType = "com.example.order.shipped";

    private const string ChangeType = "dev.knative.apiserver.resource.";

    /// <summary>The Trigger that delivers what happens in the cluster.</summary>
    public static readonly DemoTrigger Walkthrough = new(WalkthroughNamespace, "testevents-trigger", "event-display");

    /// <summary>Every Trigger whose subscriber accepts; that of <c>audit</c> never does.</summary>
    public static readonly IReadOnlyList<DemoTrigger> Triggers =
    [
        Walkthrough,
        .. new[] { "orders", "priority", "payments", "shipping", "notifications" }
            .Select(name => new DemoTrigger(ShopNamespace, name, name)),
    ];

    /// <summary>Kubernetes Events to write: name, reason, message.</summary>
    public static readonly IReadOnlyList<(string Name, string Reason, string Message)> KubernetesEvents =
    [
        ("web-1.scheduled", "Scheduled", "Successfully assigned default/web-1 to this-machine"),
        ("web-1.pulled", "Pulled", "Container image \"web\" already present on machine"),
        ("web-1.started", "Started", "Started container web"),
    ];

    /// <summary>What is sent to the walkthrough's Broker by its cluster name.</summary>
    public static IReadOnlyList<DemoEvent> Greetings { get; } =
    [
        .. Enumerable.Range(1, 2).Select(n => new DemoEvent(
            $"hello-{n}", "com.example.hello", null, null, n == 2, [Walkthrough.Name])),
    ];

    /// <summary>What is sent to the shop's Broker.</summary>
    public static IReadOnlyList<DemoEvent> Events { get; } =
    [
        .. Orders(),
        .. Enumerable.Range(1, 3).Select(n => new DemoEvent(
            $"payment-{n}", "com.example.payment.received", null, null, n == 2, ["payments"])),
        .. Enumerable.Range(1, 3).Select(n => new DemoEvent(
            $"paid-{n}", "com.example.order.paid", null, null, false, ["shipping"])),
        new DemoEvent("audit-1", "com.example.audit.recorded", null, null, false, []),
    ];

    /// <summary>What must be in each Trigger's ledger, replies too.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Expected { get; } = Triggers.ToDictionary(
        trigger => trigger.Name,
        trigger => (IReadOnlyList<string>)
        [
            .. Greetings.Concat(Events).Where(sent => sent.Reaches.Contains(trigger.Name)).Select(sent => sent.Id),
            .. trigger == Walkthrough ? KubernetesEvents.Select(written => written.Name) : [],
            .. trigger.Name == "notifications"
                ? Events.Where(sent => sent.Reaches.Contains("shipping")).Select(sent => $"reply-to-{sent.Id}")
                : [],
        ]);

    /// <summary>
    /// By what an entry is known here: the name of the object that changed (the id is the source's own making), else
    /// the event's id.
    /// </summary>
    public static string KeyOf(LedgerEntry entry) =>
        IsChange(entry) && entry.Subject is { } subject ? subject[(subject.LastIndexOf('/') + 1)..] : entry.Id;

    /// <summary>Whether it tells of the cluster. The house writes Kubernetes Events too, and they come with the
    /// demo's.</summary>
    public static bool IsChange(LedgerEntry entry) => entry.Type.StartsWith(ChangeType, StringComparison.Ordinal);

    private static IEnumerable<DemoEvent> Orders()
    {
        var orders = new (string Subject, string Region, bool Priority)[]
        {
            ("small-1", "eu", true),
            ("large-2", "eu", true),
            ("large-3", "us", true),
            ("small-4", "us", false),
            ("small-5", "us", false),
            ("large-6", "eu", true),
            ("small-7", "asia", false),
            ("large-8", "asia", true),
        };
        return orders.Select((order, index) => new DemoEvent(
            $"order-{index + 1}",
            "com.example.order.placed",
            order.Subject,
            order.Region,
            index % 3 == 2,
            order.Priority ? ["orders", "priority"] : ["orders"]));
    }
}
