// The image table of the local house: which images run here, and as what.
using System.Globalization;
using ServerlessEventing.Local.Workloads;

namespace ServerlessEventing.Cli.House;

/// <summary>Every image is a verb of this same program.</summary>
internal sealed class HouseImages(DataFolder data, IReadOnlyDictionary<string, string> functionSettings)
{
    public IReadOnlyList<LocalImage> Table =>
    [
        new("event-display", EventDisplay),
        // The name of Knative's own image.
        new("event_display", EventDisplay),
        new("heartbeats", _ => Self("heartbeats")) { Listens = false },
        new("serverless-eventing/functions", Functions),
        new("serverless-eventing/apiserver-adapter", ApiServerAdapter),
    ];

    private LocalCommand EventDisplay(ContainerPlace place) => Self("event-display") with
    {
        Environment = new Dictionary<string, string>
        {
            ["EVENT_DISPLAY_LEDGER"] =
                Path.Combine(data.Ledgers(place.Namespace, place.Deployment), $"{place.Pod}.jsonl"),
            // A small program that is up the sooner the less it measures itself.
            ["DOTNET_TieredPGO"] = "0",
        },
    };

    // A deployment of its own for what must not share one: it receives from the bus itself.
    private LocalCommand Functions(ContainerPlace place) => Self("functions") with
    {
        Environment = new Dictionary<string, string>(functionSettings)
        {
            ["EVENTING_DOOR"] = "pump",
            ["EVENTING_ADDRESS"] = "127.0.0.1",
            ["EVENTING_PORT"] = place.Port.ToString(CultureInfo.InvariantCulture),
            ["EVENTING_INSTANCE"] = place.Pod,
            // Replicas share this machine's ports: a port given by number could be only one's.
            ["EVENTING_METRICS_PORT"] = "",
        },
    };

    // It may watch what its service account may, as in a cluster.
    private LocalCommand ApiServerAdapter(ContainerPlace place) => Self("apiserver-adapter") with
    {
        Environment = new Dictionary<string, string>
        {
            ["KUBECONFIG"] = data.Kubeconfig,
            ["KUBECONFIG_AS"] = $"system:serviceaccount:{place.Namespace}:{place.ServiceAccount}",
        },
    };

    private static LocalCommand Self(string verb)
    {
        var self = SelfProcess.ForVerb(verb, "--child");
        return new LocalCommand(self.Executable, self.Arguments);
    }
}
