// Which Pods a Service selects, and what its Endpoints and EndpointSlices say of them.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;
using ServerlessEventing.Local.Workloads.Pods;

namespace ServerlessEventing.Local.Workloads.Addresses;

/// <summary>
/// One Service with a selector over the Pods that run here. Every Pod has its own port on 127.0.0.1, so each makes a
/// subset and a slice of its own.
/// </summary>
internal sealed class ServiceView
{
    private readonly JsonObject service;
    private readonly IReadOnlyList<(RunningPod Pod, IReadOnlyList<(JsonObject Port, int Local)> Ports)> targets;

    public ServiceView(JsonObject service, IEnumerable<RunningPod> pods)
    {
        this.service = service;
        targets =
        [
            .. pods.Where(pod => pod.Record.Namespace() == Namespace && Selects(pod.Record.Pairs("metadata", "labels")))
                .Select(pod => (pod, PortsOf(pod)))
                .Where(target => target.Item2.Count > 0),
        ];
    }

    public string Namespace => service.Namespace();

    public string Name => service.Name();

    public string Uid => service.Uid();

    /// <summary>The ports behind the Service's first port.</summary>
    public IReadOnlyList<int> ReadyPorts =>
        [.. targets.Where(target => target.Pod.IsReady).Select(target => target.Ports[0].Local)];

    /// <summary>Whether the Service would select a Pod with these labels.</summary>
    public bool Selects(IReadOnlyDictionary<string, string> labels) =>
        service.Pairs("spec", "selector").All(pair => labels.GetValueOrDefault(pair.Key) == pair.Value);

    public JsonArray Subsets() => new([.. targets.Select(target => (JsonNode)new JsonObject
    {
        [target.Pod.IsReady ? "addresses" : "notReadyAddresses"] = new JsonArray(new JsonObject
        {
            ["ip"] = PodFields.Address,
            ["nodeName"] = target.Pod.Record.Text("spec", "nodeName"),
            ["targetRef"] = Reference(target.Pod),
        }),
        ["ports"] = LocalPorts(target.Ports),
    })]);

    /// <summary>The slices by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> Slices() => targets.ToDictionary(
        target => SliceName(target.Pod),
        target => new JsonObject
        {
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(PodFields.Address),
                ["conditions"] = new JsonObject
                {
                    ["ready"] = target.Pod.IsReady,
                    ["serving"] = target.Pod.IsReady,
                    ["terminating"] = false,
                },
                ["nodeName"] = target.Pod.Record.Text("spec", "nodeName"),
                ["targetRef"] = Reference(target.Pod),
            }),
            ["ports"] = LocalPorts(target.Ports),
        });

    private string SliceName(RunningPod pod) => $"{Name}-{pod.Record.Uid()[..8]}";

    // A container serves one port here: it stands for the first one its spec names, or for all when it names none.
    private IReadOnlyList<(JsonObject Port, int Local)> PortsOf(RunningPod pod) =>
    [
        .. from port in service.Objects("spec", "ports")
           let container = pod.Containers.FirstOrDefault(one => one.Listens && Serves(one.Spec, port))
           where container is not null
           select (port, container.Port),
    ];

    private static bool Serves(JsonObject container, JsonObject port)
    {
        if (container.Objects("ports") is not [var first, ..])
        {
            return true;
        }

        return port.Text("targetPort") is { } name
            ? first.Text("name") == name
            : first.Number("containerPort") == (port.Number("targetPort") ?? port.Number("port"));
    }

    private static JsonArray LocalPorts(IEnumerable<(JsonObject Port, int Local)> ports) =>
        new([.. ports.Select(one =>
        {
            var port = new JsonObject { ["port"] = one.Local, ["protocol"] = one.Port.Text("protocol") ?? "TCP" };
            if (one.Port.Text("name") is { } name)
            {
                port["name"] = name;
            }

            return (JsonNode)port;
        })]);

    private static JsonObject Reference(RunningPod pod) => new()
    {
        ["kind"] = "Pod",
        ["namespace"] = pod.Record.Namespace(),
        ["name"] = pod.Record.Name(),
        ["uid"] = pod.Record.Uid(),
    };
}
