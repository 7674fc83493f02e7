// What overlays, chart, images and Azure templates give our programs is what these read: a misspelt name fails here.
using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ServerlessEventing.Cli.Commands;
using ServerlessEventing.Infra.Tests.Images;

namespace ServerlessEventing.Infra.Tests.Settings;

public sealed partial class SettingsTests
{
    private const string Chart = "template eventing --namespace serverless-eventing ";

    /// <summary>Read by those our programs run in or with, each by its own documentation.</summary>
    private static readonly string[] OthersOwn =
    [
        "ASPNETCORE_URLS", "AzureWebJobsDisableHomepage", "AzureWebJobsScriptRoot", "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION", "APPLICATIONINSIGHTS_CONNECTION_STRING", "AzureFunctionsWebHost__hostid",
        "AzureFunctionsJobHost__Logging__Console__IsEnabled", "AzureWebJobsStorage__accountName",
        "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId",
        "AZURE_CLIENT_ID", "HOME", "DOTNET_EnableDiagnostics", "DOTNET_gcServer", "DOTNET_USE_POLLING_FILE_WATCHER",
    ];

    /// <summary>On dedicated deployments for whoever looks at them, as in Knative v0.7; nothing reads them.</summary>
    private static readonly string[] Shown = ["SYSTEM_NAMESPACE", "NAMESPACE", "BROKER", "CHANNEL", "FILTER"];

    [Theory]
    [MemberData(nameof(Overlays.All), MemberType = typeof(Overlays))]
    public async Task Overlay_GivesWhatItsProgramsRead(string overlay) =>
        Check(KubernetesObjects.Read(await Overlays.BuildAsync(overlay)), atLeast: 4);

    [Theory]
    [InlineData("")]
    [InlineData("--set door=pump")]
    [InlineData(
        "--set serviceBus.auth=workloadIdentity --set serviceBus.fullyQualifiedNamespace=x.servicebus.windows.net "
        + "--set-string serviceBus.operatorClientId=00000000-0000-0000-0000-000000000001 "
        + "--set-string serviceBus.functionsClientId=00000000-0000-0000-0000-000000000002 "
        + "--set-string serviceBus.kedaClientId=00000000-0000-0000-0000-000000000003")]
    public async Task Chart_GivesWhatItsProgramsRead(string values) =>
        Check(KubernetesObjects.Read(await Helm.OkAsync($"{Chart}{Helm.Chart} {values}")), atLeast: 4);

    [Theory]
    [InlineData("functions")]
    [InlineData("functions-host")]
    [InlineData("operator")]
    [InlineData("eventing")]
    public void Image_SetsWhatItsProgramReads(string name)
    {
        var set = new Dockerfile(name).Environment;
        Assert.NotEmpty(set);
        var settings = new Dictionary<string, string>(set)
        {
            ["ServiceBusConnection"] = Value("ServiceBusConnection"),
            ["RoutingTable"] = Value("RoutingTable"),
        };
        IEnumerable<string> asked = name switch
        {
            "operator" => [.. AskedSettings.OfOperator(settings).Names, .. AskedSettings.OfAdapter().Names],
            "eventing" => [],
            _ => AskedSettings.OfFunctions(settings).Names,
        };
        AssertAsked($"{name}.Dockerfile", set.Keys, asked);
    }

    [Fact]
    public async Task FunctionApp_InAzure_IsGivenWhatTheFunctionsRead()
    {
        var template = JsonNode.Parse(await Bicep.BuildAsync("modules/function-app.bicep"))!;
        var given = template["resources"]!.AsArray()
            .Single(resource => (string?)resource!["type"] == "Microsoft.Web/sites")!
            ["properties"]!["siteConfig"]!["appSettings"]!.AsArray()
            .ToDictionary(setting => (string)setting!["name"]!, setting => Plain((string)setting!["name"]!, null));
        var asked = AskedSettings.OfFunctions(given);
        Assert.Null(asked.Problem);
        AssertAsked("function-app.bicep", given.Keys, asked.Names);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("mine.servicebus.windows.net")]
    public void DedicatedDeployment_GivesWhatTheFunctionsRead(string? identityHost)
    {
        var (dispatcher, options) = Dedicated.Of(identityHost);
        var deployment = dispatcher.Deployment(options, replicas: 1);
        deployment["kind"] = "Deployment";
        Check(new() { ["Deployment/t-trigger-filter"] = deployment }, atLeast: 1, Shown);
    }

    [Fact]
    public void EverySettingRead_IsDocumented()
    {
        var docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"))
            + File.ReadAllText(Path.Combine(Repository.Root, "docs", "operator.md"));
        var given = new Dictionary<string, string>
        {
            ["ServiceBusConnection__fullyQualifiedNamespace"] = "x.servicebus.windows.net",
            ["RoutingTable"] = Value("RoutingTable"),
            ["RoutingTableToken"] = "token",
            ["EVENTING_DOOR"] = "pump",
            ["EVENTING_LEADER_ELECTION"] = "true",
        };
        var asked = AskedSettings.OfFunctions(given).Names.Concat(AskedSettings.OfOperator(given).Names)
            .Where(name => OurName().IsMatch(name));
        Assert.All(asked, name => Assert.True(docs.Contains(Documented(name), StringComparison.Ordinal), name));
    }

    [Fact]
    public void WrongName_IsCaught()
    {
        var asked = AskedSettings.OfFunctions(new Dictionary<string, string>()).Names;
        Assert.ThrowsAny<Exception>(() => AssertAsked("here", ["EVENTING_DOR"], asked));
        var container = JsonNode.Parse("""
            {"image":"serverless-eventing/eventing:1","args":["servicebus","--lissen","0.0.0.0"]}
            """)!.AsObject();
        Assert.ThrowsAny<Exception>(() => Check("here", container, []));
    }

    // A row may list names with the same beginning as `__clientId`, `__tenantId`.
    private static string Documented(string name) =>
        name.StartsWith("ServiceBusConnection__", StringComparison.Ordinal) ? name["ServiceBusConnection".Length..]
        : name.EndsWith("__*", StringComparison.Ordinal) ? $"{name[..^1]}0"
        : name;

    private static void Check(Dictionary<string, JsonObject> objects, int atLeast, params string[] more)
    {
        var workloads = objects.Values.Where(item => (string?)item["kind"] is "Deployment" or "StatefulSet").ToList();
        Assert.True(workloads.Count >= atLeast, $"{workloads.Count} workloads");
        foreach (var workload in workloads)
        {
            foreach (var container in KubernetesObjects.ContainersOf(workload))
            {
                Check($"{workload["metadata"]!["name"]}", container, more);
            }
        }
    }

    private static void Check(string where, JsonObject container, string[] more)
    {
        var image = ((string)container["image"]!).Split(':')[0];
        var args = (container["args"] as JsonArray ?? []).Select(arg => (string)arg!).ToArray();
        var given = (container["env"] as JsonArray ?? []).Select(item => item!.AsObject())
            .ToDictionary(item => (string)item["name"]!, item => Plain((string)item["name"]!, (string?)item["value"]));
        if (image == "serverless-eventing/eventing")
        {
            var root = new RootCommand { ServiceBusCommand.Create(), EventDisplayCommand.Create() };
            Assert.Empty(root.Parse(args).Errors.Select(error => $"{where}: {error.Message}"));
            AssertAsked(where, given.Keys, []);
            return;
        }

        Assert.True(args is [] || image == "serverless-eventing/operator", $"{where}: nothing reads its arguments");
        var asked = image switch
        {
            "serverless-eventing/operator" => AskedSettings.OfOperator(given, args),
            "serverless-eventing/functions" or "serverless-eventing/functions-host" => AskedSettings.OfFunctions(given),
            _ => throw new InvalidDataException($"{where}: whose image is {image}?"),
        };
        Assert.True(string.IsNullOrEmpty(asked.Problem), $"{where}: {asked.Problem}");
        AssertAsked(where, given.Keys, [.. asked.Names, .. more]);
    }

    private static void AssertAsked(string where, IEnumerable<string> given, IEnumerable<string> asked)
    {
        var known = asked.Concat(OthersOwn).ToHashSet();
        Assert.Empty(given
            .Where(name => !known.Contains(name) && !known.Contains(ListItem().Replace(name, "__*")))
            .Select(name => $"{where}: nothing reads {name}"));
    }

    // What stands in a Secret, a ConfigMap or a parameter is not known here; its program must only find it well-formed.
    private static string Plain(string name, string? value) => value ?? Value(name);

    private static string Value(string name) => name switch
    {
        "ServiceBusConnection" => "Endpoint=sb://x.servicebus.windows.net;SharedAccessKeyName=n;SharedAccessKey=k",
        "RoutingTable" => "https://example.com/table",
        "POD_IP" => "10.0.0.1",
        _ => "any",
    };

    [GeneratedRegex(@"^(EVENTING_|RoutingTable|ServiceBus|AzureFunctionsJobHost)")]
    private static partial Regex OurName();

    [GeneratedRegex(@"__\d+$")]
    private static partial Regex ListItem();
}
