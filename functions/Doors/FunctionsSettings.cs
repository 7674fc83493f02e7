// The settings of the function app, checked once at the start.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Doors;

/// <summary>Settings by their fixed names; see docs.</summary>
internal sealed record FunctionsSettings
{
    public const string TableSetting = "RoutingTable";
    public const string TokenSetting = "RoutingTableToken";
    public const string DoorSetting = "EVENTING_DOOR";
    public const string PortSetting = "EVENTING_PORT";
    public const string AddressSetting = "EVENTING_ADDRESS";
    public const string HandlerPortSetting = "FUNCTIONS_CUSTOMHANDLER_PORT";
    public const string InstanceSetting = "EVENTING_INSTANCE";
    public const string MaxConcurrentCallsSetting = "EVENTING_MAX_CONCURRENT_CALLS";

    public const string DispatchGroupSetting = "EVENTING_DISPATCH_GROUP";

    public const string MetricsPortSetting = "EVENTING_METRICS_PORT";

    public const string AllowLoopbackSetting = "EVENTING_ALLOW_LOOPBACK";
    public const string AllowNetworksSetting = "EVENTING_ALLOW_NETWORKS";

    /// <summary>As host.json's maxAutoLockRenewalDuration.</summary>
    public static readonly TimeSpan LockRenewal = TimeSpan.FromMinutes(10);

    /// <summary>As host.json's maxConcurrentCalls.</summary>
    private const int DefaultMaxConcurrentCalls = 256;

    private const int MostConcurrentCalls = 1000;
    private const int DefaultPumpPort = 8080;

    public required string Connection { get; init; }

    /// <summary>File path or http(s) URL.</summary>
    public required string RoutingTable { get; init; }

    /// <summary>Bearer token for a routing table by URL, or null.</summary>
    public string? RoutingTableToken { get; init; }

    public required bool Pump { get; init; }

    /// <summary>Loopback unless told otherwise; behind a host always loopback.</summary>
    public required IPAddress Address { get; init; }

    public required int Port { get; init; }

    /// <summary>Where Prometheus finds the metrics; null: nowhere.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>Loopback unless told otherwise, behind a host too: nobody proxies it.</summary>
    public required IPAddress MetricsAddress { get; init; }

    /// <summary>The ports it listens on, for people.</summary>
    public string Ports => MetricsPort is { } metrics ? $"Port {Port}, or {metrics} of the metrics," : $"Port {Port}";

    /// <summary>Names this instance to the operator.</summary>
    public required string Instance { get; init; }

    public required int MaxConcurrentCalls { get; init; }

    /// <summary>The egresses this process serves, and no others; null: the shared lanes.</summary>
    public required string? DispatchGroup { get; init; }

    /// <summary>The functions this process serves; all unless told otherwise.</summary>
    public required LoadedFunctions Functions { get; init; }

    /// <summary>Whether subscribers may be on this machine, as they are in local mode.</summary>
    public required bool AllowLoopback { get; init; }

    /// <summary>Networks whose addresses are called although they would be refused.</summary>
    public required IReadOnlyList<IPNetwork> AllowedNetworks { get; init; }

    /// <summary>Reads the settings; else <paramref name="error"/> says what is missing and where to put it.</summary>
    public static bool TryRead(
        IConfiguration configuration,
        [NotNullWhen(true)] out FunctionsSettings? settings,
        [NotNullWhen(false)] out string? error)
    {
        settings = null;
        var door = configuration[DoorSetting] ?? "host";
        var pump = door.Equals("pump", StringComparison.OrdinalIgnoreCase);
        var portSetting = pump ? PortSetting : HandlerPortSetting;
        var port = pump ? DefaultPumpPort : 0;
        var metricsPort = 0;
        IPAddress? address = IPAddress.Loopback;
        var calls = DefaultMaxConcurrentCalls;
        var loopback = false;
        IReadOnlyList<IPNetwork>? networks = [];
        LoadedFunctions? functions = null;
        var connection = ServiceBusConnectionSetting.From(name =>
            configuration[name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)]);
        error = connection is null
            ? $"The setting {ServiceBusConnectionSetting.Name} is missing; {ServiceBusConnectionSetting.Expected}."
            : string.IsNullOrWhiteSpace(configuration[TableSetting])
                ? $"The setting {TableSetting} is missing; give it the file or URL of the routing table."
            : !pump && !door.Equals("host", StringComparison.OrdinalIgnoreCase)
                ? $"The setting {DoorSetting} is \"{door}\"; it must be host or pump."
            : configuration[portSetting] is { } text && !IsPort(text, out port)
                ? $"The setting {portSetting} is \"{text}\"; it must be a TCP port."
            : configuration[MetricsPortSetting] is { Length: > 0 } scraped
                && (!IsPort(scraped, out metricsPort) || metricsPort == port)
                ? $"The setting {MetricsPortSetting} is \"{scraped}\"; it must be a TCP port that nothing else uses."
            : configuration[AddressSetting] is { } listen && !IPAddress.TryParse(listen, out address)
                ? $"The setting {AddressSetting} is \"{listen}\"; it must be an IP address, like 0.0.0.0."
            : configuration[MaxConcurrentCallsSetting] is { } many && !IsCalls(many, out calls)
                ? $"The setting {MaxConcurrentCallsSetting} is \"{many}\"; it must be 1 to {MostConcurrentCalls}."
            : configuration[AllowLoopbackSetting] is { } allow && !bool.TryParse(allow, out loopback)
                ? $"The setting {AllowLoopbackSetting} is \"{allow}\"; it must be true or false."
            : configuration[AllowNetworksSetting] is { } list && (networks = Networks(list)) is null
                ? $"The setting {AllowNetworksSetting} is \"{list}\"; it must be networks: 10.1.0.0/16,…"
            : !pump && !string.IsNullOrWhiteSpace(configuration[DispatchGroupSetting])
                ? $"The setting {DispatchGroupSetting} needs {DoorSetting}=pump; a Functions host knows no such lanes."
            : (functions = LoadedFunctions.Read(configuration, out var unknown)) is null
                ? $"The setting {LoadedFunctions.Setting} names \"{unknown}\"; there is no such function."
            : port == 0
                ? $"The setting {portSetting} is missing; a Functions host gives it. Or set {DoorSetting}=pump."
            : null;
        if (error is not null)
        {
            return false;
        }

        settings = new()
        {
            Connection = connection!,
            RoutingTable = configuration[TableSetting]!,
            RoutingTableToken = configuration[TokenSetting] is { Length: > 0 } token ? token : null,
            Pump = pump,
            Address = pump ? address! : IPAddress.Loopback,
            Port = port,
            MetricsPort = metricsPort == 0 ? null : metricsPort,
            MetricsAddress = address!,
            Instance = configuration[InstanceSetting] ?? $"{Environment.MachineName}-{Environment.ProcessId}",
            Functions = functions!,
            MaxConcurrentCalls = calls,
            DispatchGroup = string.IsNullOrWhiteSpace(configuration[DispatchGroupSetting])
                ? null
                : configuration[DispatchGroupSetting],
            AllowLoopback = loopback,
            AllowedNetworks = networks!,
        };
        return true;
    }

    private static IPNetwork[]? Networks(string list)
    {
        var texts = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var networks = new IPNetwork[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            if (!IPNetwork.TryParse(texts[i], out networks[i]))
            {
                return null;
            }
        }

        return networks;
    }

    private static bool IsCalls(string text, out int calls) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out calls)
        && calls is > 0 and <= MostConcurrentCalls;

    private static bool IsPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
