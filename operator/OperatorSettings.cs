// The operator's settings: environment variables, and the one option of the command line.
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.Operator.Leadership;
using ServerlessEventing.Operator.Reconcilers.Sources;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Operator;

/// <summary>Reads settings; docs/operator.md has the list.</summary>
internal static class OperatorSettings
{
    public const string CoexistOption = "--coexist";

    /// <summary>The options, or null and what is wrong with which argument or setting.</summary>
    public static OperatorOptions? Read(
        IReadOnlyList<string> arguments,
        Func<string, string?> variable,
        ILoggerFactory logging,
        out string problem)
    {
        string? Setting(string name) => variable(name) is { Length: > 0 } value ? value : null;

        if (Misunderstood(arguments, out problem))
        {
            return null;
        }

        if (ServiceBusConnectionSetting.From(variable) is not { } connection)
        {
            problem = $"No Service Bus: {ServiceBusConnectionSetting.Expected}.";
            return null;
        }

        var token = Setting("RoutingTableToken");
        var host = Setting("EVENTING_ROUTING_HOST") ?? (token is null ? "127.0.0.1" : "*");
        if (!MayServe(host, token, out problem) || !IsPort(Setting("EVENTING_ROUTING_PORT"), out var port, out problem))
        {
            return null;
        }

        if (CrossNamespaceRefs.Parse(Setting(CrossNamespaceRefs.Variable), out problem) is not { } crossNamespaceRefs)
        {
            return null;
        }

        var selector = Selector(Setting("EVENTING_INJECTION_SELECTOR"), ref problem);
        if (problem.Length > 0)
        {
            return null;
        }

        Uri? Address(string? value) => Uri.TryCreate(value, UriKind.Absolute, out var uri) ? uri : null;
        var ownAddress = Setting("POD_IP") is { } ip ? Address($"http://{Bracketed(ip)}:{port}/routing") : null;
        var defaults = new LeaderOptions();
        return new OperatorOptions
        {
            KubeconfigPath = Setting("KUBECONFIG"),
            ServiceBusConnection = connection,
            ServiceBusManagementConnection = Setting("ServiceBusManagementConnection"),
            RoutingHost = host,
            RoutingPort = port,
            RoutingToken = token,
            RoutingTableUri = Address(Setting("RoutingTable")),
            RoutingBlob = Address(Setting("EVENTING_ROUTING_BLOB")),
            FunctionsImage = Setting("EVENTING_FUNCTIONS_IMAGE") ?? "serverless-eventing/functions:latest",
            FunctionsSecret = Setting("EVENTING_FUNCTIONS_SECRET") ?? "serverless-eventing",
            FunctionsServiceAccount = Setting("EVENTING_FUNCTIONS_SERVICE_ACCOUNT"),
            Coexist = arguments.Contains(CoexistOption) || Setting("EVENTING_COEXIST") == "true",
            MakesEventTypes = Setting(OperatorOptions.EventTypesVariable) == "true",
            CrossNamespaceRefs = crossNamespaceRefs,
            InjectionSelector = selector,
            Leader = Setting("EVENTING_LEADER_ELECTION") == "true"
                ? defaults with { Identity = Setting("POD_NAME") ?? defaults.Identity, Address = ownAddress }
                : null,
            ClusterDomain = Setting("CLUSTER_DOMAIN") ?? "cluster.local",
            SystemNamespace = Setting("SYSTEM_NAMESPACE") ?? "serverless-eventing",
            AdapterImage = Setting("EVENTING_ADAPTER_IMAGE") ?? OperatorOptions.DefaultAdapterImage,
            LoggerFactory = logging,
        };
    }

    private static bool Misunderstood(IReadOnlyList<string> arguments, out string problem)
    {
        var unknown = arguments.FirstOrDefault(argument => argument != CoexistOption);
        problem = unknown is null
            ? ""
            : $"'{unknown}' is no option of the operator: it takes {CoexistOption} and nothing else. "
                + "Everything else is set by environment variables; docs/operator.md lists them.";
        return unknown is not null;
    }

    private static bool MayServe(string host, string? token, out string problem)
    {
        problem = token is not null || IsLoopback(host)
            ? ""
            : $"EVENTING_ROUTING_HOST is '{host}' and RoutingTableToken is not set: the routing table names "
                + "every subscriber. Set a token, and the same for the functions, or serve it on 127.0.0.1.";
        return problem.Length == 0;
    }

    private static bool IsPort(string? text, out int port, out string problem)
    {
        port = 8090;
        var isPort = text is null || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);
        problem = isPort ? "" : $"EVENTING_ROUTING_PORT is '{text}': give a port number.";
        return isPort;
    }

    private static JsonObject? Selector(string? text, ref string problem)
    {
        const string Name = "EVENTING_INJECTION_SELECTOR";
        if (text is null)
        {
            return null;
        }

        JsonObject? selector = null;
        try
        {
            selector = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // Told below, like JSON that is no object.
        }

        problem = selector is null
            ? $"{Name} is '{text}': give a label selector in JSON, such as {{\"matchLabels\":{{\"team\":\"a\"}}}}."
            : LabelSelectors.ToQuery(selector, Name, out var why) is null ? why! : "";
        return selector;
    }

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static string Bracketed(string ip) => ip.Contains(':') ? $"[{ip}]" : ip;
}
