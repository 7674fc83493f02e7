// A function app in a folder of its own, with this assembly as its handler, and what that handler wrote down.
using System.Text.Json;
using ServerlessEventing.Local.FunctionsHost.Tests.Processes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

/// <summary>Builds apps for the tests and runs them.</summary>
internal sealed class SampleApp : IDisposable
{
    private readonly TempFolder folder = new();

    public SampleApp(params string[] handlerArguments) =>
        WriteHostJson(handlerArguments);

    public static string Executable { get; } =
        Path.Combine(AppContext.BaseDirectory, typeof(SampleApp).Assembly.GetName().Name!);

    public string Root => folder.Path;

    public CollectedLogs Logs { get; } = new();

    public string this[string file] => folder[file];

    public IReadOnlyList<StartRecord> Starts => ReadRecords<StartRecord>("starts");

    public IReadOnlyList<RequestRecord> Requests => ReadRecords<RequestRecord>("requests");

    /// <summary>
    /// host.json; <paramref name="extra"/> is put beside customHandler, such as <c>"functionTimeout": …</c>.
    /// </summary>
    public void WriteHostJson(string[] handlerArguments, string extra = "", string handler = "")
    {
        var arguments = JsonSerializer.Serialize((string[])["handler", .. handlerArguments]);
        File.WriteAllText(folder["host.json"], $$"""
            {
              "version": "2.0",
              {{(extra.Length == 0 ? "" : extra + ",")}}
              "customHandler": {
                "description": { "defaultExecutablePath": "{{Executable}}", "arguments": {{arguments}} },
                {{(handler.Length == 0 ? "" : handler + ",")}}
                "enableProxyingHttpRequest": true
              }
            }
            """);
    }

    public SampleApp Function(string name, string json)
    {
        Directory.CreateDirectory(folder[name]);
        File.WriteAllText(Path.Combine(folder[name], "function.json"), json);
        return this;
    }

    public SampleApp Http(string name, string route, string methods = "") => Function(name, $$"""
        {
          "bindings": [
            { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous",
              {{(methods.Length == 0 ? "" : $"\"methods\": [{methods}],")}} "route": "{{route}}" },
            { "type": "http", "direction": "out", "name": "res" }
          ]
        }
        """);

    public SampleApp Timer(string name, string schedule, string extra = "", string retry = "") => Function(name, $$"""
        {
          {{(retry.Length == 0 ? "" : retry + ",")}}
          "bindings": [
            { "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "{{schedule}}"
              {{(extra.Length == 0 ? "" : "," + extra)}} }
          ]
        }
        """);

    public SampleApp Queue(string name, string queue, string dataType = "binary") => Function(name, $$"""
        {
          "bindings": [
            { "type": "serviceBusTrigger", "direction": "in", "name": "msg", "queueName": "{{queue}}",
              "connection": "Bus", "dataType": "{{dataType}}" }
          ]
        }
        """);

    public Task<FunctionsHost> StartAsync(params (string Name, string Value)[] settings) =>
        FunctionsHost.StartAsync(Options(settings));

    public FunctionsHostOptions Options(params (string Name, string Value)[] settings) => new()
    {
        AppRoot = Root,
        DataFolder = folder["timers"],
        Settings = settings.ToDictionary(pair => pair.Name, pair => pair.Value),
        LoggerFactory = Logs,
    };

    public void Dispose() => folder.Dispose();

    private List<T> ReadRecords<T>(string file)
    {
        var path = folder[file + ".jsonl"];
        if (!File.Exists(path))
        {
            return [];
        }

        var text = File.ReadAllText(path);
        // The handler may be in the middle of its last line.
        return [.. text[..(text.LastIndexOf('\n') + 1)]
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<T>(line)!)];
    }
}
