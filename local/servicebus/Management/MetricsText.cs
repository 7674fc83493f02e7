// The broker's counters as Prometheus reads them.
using System.Globalization;
using System.Text;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>
/// Text format 0.0.4, totals since the start
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
/// </summary>
internal static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4";

    private const string Prefix = "servicebus_emulator_";

    public static string Of(BrokerCounters counters)
    {
        var text = new StringBuilder();
        Add(text, "messages_accepted", "", counters.MessagesAccepted);
        Add(text, "messages_delivered", "", counters.MessagesDelivered);
        Add(text, "messages_completed", "", counters.MessagesCompleted);
        Add(text, "messages_dead_lettered", "", counters.MessagesDeadLettered);
        Add(text, "messages_parked", "", counters.MessagesParked);
        Add(text, "duplicates_dropped", "", counters.DuplicatesDropped);
        foreach (var quirk in Enum.GetValues<Quirk>())
        {
            Add(text, "quirks", $"{{quirk=\"{quirk}\"}}", counters.Quirks(quirk));
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, string name, string labels, long value) =>
        text.Append(CultureInfo.InvariantCulture, $"{Prefix}{name}_total{labels} {value}\n");
}
