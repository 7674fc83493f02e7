// What the demo sends, and what samples/walkthrough must make of it.
namespace ServerlessEventing.Cli.Demo;

/// <summary>
/// A day in a small shop. The expectation is written down by hand, so that the house cannot grade its own work.
/// <code>
/// order.placed ─► orders; priority (any of: region eu, subject large-…: some match both, and arrive once)
/// payment.received ─► payments (answers 503 twice, then accepts)
/// order.paid ─► shipping ─reply─► order.shipped ─► notifications
/// audit.recorded ─► audit (always 500) ─► dead letters
/// everything, replies too ─► event-display
/// </code>
/// </summary>
internal static class DemoScript
{
    public const string Broker = "default";
    public const string Namespace = "default";
    public const string ReplyType = "com.example.order.shipped";

    /// <summary>The Deployment whose ledger tells what a Trigger delivered.</summary>
    public static readonly IReadOnlyList<(string Trigger, string Deployment)> Subscribers =
    [
        ("testevents-trigger", "event-display"),
        ("orders", "orders"),
        ("priority", "priority"),
        ("payments", "payments"),
        ("shipping", "shipping"),
        ("notifications", "notifications"),
    ];

    /// <summary>The Trigger whose subscriber never accepts.</summary>
    public const string FailingTrigger = "audit";

    public static IReadOnlyList<DemoEvent> Events { get; } =
    [
        .. Orders(),
        .. Enumerable.Range(1, 3).Select(n => new DemoEvent(
            $"payment-{n}", "com.example.payment.received", null, null, n == 2, ["testevents-trigger", "payments"])),
        .. Enumerable.Range(1, 3).Select(n => new DemoEvent(
            $"paid-{n}", "com.example.order.paid", null, null, false, ["testevents-trigger", "shipping"])),
        new DemoEvent("audit-1", "com.example.audit.recorded", null, null, false, ["testevents-trigger"]),
    ];

    /// <summary>What must be in each Trigger's ledger: event ids, replies among them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Expected { get; } = Subscribers.ToDictionary(
        pair => pair.Trigger,
        pair => (IReadOnlyList<string>)
        [
            .. Events.Where(sent => sent.Reaches.Contains(pair.Trigger)).Select(sent => sent.Id),
            .. pair.Trigger is "testevents-trigger" or "notifications"
                ? Events.Where(sent => sent.Reaches.Contains("shipping")).Select(sent => $"reply-to-{sent.Id}")
                : [],
        ]);

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
            order.Priority ? ["testevents-trigger", "orders", "priority"] : ["testevents-trigger", "orders"]));
    }
}
