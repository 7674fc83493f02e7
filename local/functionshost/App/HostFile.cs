// Reads host.json, with AzureFunctionsJobHost__ settings laid over it, into HostSettings.
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>
/// The reader of <c>host.json</c>. It goes through configuration as the real host does, so that a setting such as
/// <c>AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls</c> wins over the file.
/// </summary>
internal sealed class HostFile
{
    private const string Name = "host.json";
    private const string OverridePrefix = "AzureFunctionsJobHost__";

    private readonly IConfiguration values;
    private readonly AppSettings settings;
    private readonly List<AppProblem> problems;

    private HostFile(IConfiguration values, AppSettings settings, List<AppProblem> problems)
    {
        this.values = values;
        this.settings = settings;
        this.problems = problems;
    }

    /// <summary>The settings, or null with the reasons added to <paramref name="problems"/>.</summary>
    public static HostSettings? Read(
        string root, AppSettings settings, bool executableGiven, List<AppProblem> problems)
    {
        var path = Path.Combine(root, Name);
        if (!File.Exists(path))
        {
            problems.Add(new(path, "(file)", "is missing.",
                "Point the host at the folder that holds host.json and one folder a function."));
            return null;
        }

        IConfiguration values;
        try
        {
            values = new ConfigurationBuilder()
                .AddJsonFile(path, optional: false, reloadOnChange: false)
                .AddInMemoryCollection(Overrides(settings))
                .Build();
        }
        catch (InvalidDataException broken) when (broken.InnerException is FormatException or JsonException)
        {
            problems.Add(new(Name, "(file)", $"is not JSON: {broken.InnerException!.Message}", "Mend the syntax."));
            return null;
        }

        return new HostFile(values, settings, problems).Settings(root, executableGiven);
    }

    /// <summary>Names of the only functions to load (<c>functions</c> of host.json); empty for all.</summary>
    public static IReadOnlySet<string> OnlyFunctions(string root, AppSettings settings) =>
        new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(root, Name), optional: true, reloadOnChange: false)
            .AddInMemoryCollection(Overrides(settings))
            .Build()
            .GetSection("functions").GetChildren()
            .Select(child => child.Value ?? "")
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static Dictionary<string, string?> Overrides(AppSettings settings)
    {
        var overrides = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            Add((string)variable.Key, (string?)variable.Value);
        }

        foreach (var (name, value) in settings.Given)
        {
            Add(name, value);
        }

        return overrides;

        void Add(string name, string? value)
        {
            if (name.StartsWith(OverridePrefix, StringComparison.OrdinalIgnoreCase))
            {
                overrides[name[OverridePrefix.Length..].Replace("__", ":")] = value;
            }
        }
    }

    private HostSettings? Settings(string root, bool executableGiven)
    {
        if (values["version"] != "2.0")
        {
            Fault("version", $"is {Shown("version")}.", "Write \"version\": \"2.0\".");
        }

        var before = problems.Count;
        var host = new HostSettings
        {
            RoutePrefix = (values["extensions:http:routePrefix"] ?? "api").Trim('/'),
            FunctionTimeout = FunctionTimeout(),
            Handler = Handler(root, executableGiven),
            ServiceBus = new()
            {
                MaxConcurrentCalls =
                    Number("extensions:serviceBus:maxConcurrentCalls", 16 * Environment.ProcessorCount, 1, 10_000),
                PrefetchCount = Number("extensions:serviceBus:prefetchCount", 0, 0, 10_000),
                MaxAutoLockRenewalDuration =
                    Duration("extensions:serviceBus:maxAutoLockRenewalDuration", TimeSpan.FromMinutes(5)),
                AutoCompleteMessages = Flag("extensions:serviceBus:autoCompleteMessages", true),
            },
        };
        return problems.Count == before ? host : null;
    }

    private HandlerDescription Handler(string root, bool executableGiven)
    {
        const string description = "customHandler:description:";
        var executable = values[description + "defaultExecutablePath"];
        if (string.IsNullOrWhiteSpace(executable) && !executableGiven)
        {
            Fault("customHandler:description:defaultExecutablePath", "is missing.",
                "Name the handler's executable: a file under the app's folder, or a command on PATH.");
        }

        var worker = values[description + "defaultWorkerPath"];
        var arguments = Strings(description + "arguments")
            .Concat(string.IsNullOrEmpty(worker) ? [] : [worker])
            .Concat(Strings(description + "workerArguments"))
            .Select(argument => Expanded(description + "arguments", argument))
            .ToList();
        return new()
        {
            Executable = executable is null ? null : Expanded(description + "defaultExecutablePath", executable),
            Arguments = arguments,
            WorkingDirectory = Path.GetFullPath(values[description + "workingDirectory"] ?? "", root),
            InitializationTimeout = Duration("customHandler:initializationTimeout", TimeSpan.FromSeconds(30)),
            ProxyHttp = Flag("customHandler:enableProxyingHttpRequest", false),
        };
    }

    /// <summary>
    /// A list of strings, or one string that holds a JSON array (so that an app setting can hold it).
    /// </summary>
    private IReadOnlyList<string> Strings(string key)
    {
        if (values[key] is not { Length: > 0 } single)
        {
            return [.. values.GetSection(key).GetChildren().Select(child => child.Value ?? "")];
        }

        try
        {
            using var array = JsonDocument.Parse(single);
            return [.. array.RootElement.EnumerateArray().Select(element => element.GetString() ?? "")];
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            Fault(key, $"is {Shown(key)}.", "Write an array of strings.");
            return [];
        }
    }

    private TimeSpan? FunctionTimeout() =>
        values["functionTimeout"] == "-1" ? null : Duration("functionTimeout", TimeSpan.FromMinutes(30));

    private string Expanded(string key, string text)
    {
        var expanded = settings.Expand(text, out var missing);
        if (missing is not null)
        {
            Fault(key, $"names the app setting %{missing}%, which is not set.", $"Set {missing}.");
        }

        return expanded;
    }

    private int Number(string key, int otherwise, int least, int most)
    {
        if (values[key] is not { } text)
        {
            return otherwise;
        }

        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var number) || number < least || number > most)
        {
            Fault(key, $"is {Shown(key)}.", $"Write a whole number from {least} to {most}.");
        }

        return number;
    }

    private bool Flag(string key, bool otherwise)
    {
        if (values[key] is not { } text)
        {
            return otherwise;
        }

        if (!bool.TryParse(text, out var flag))
        {
            Fault(key, $"is {Shown(key)}.", "Write true or false.");
        }

        return flag;
    }

    private TimeSpan Duration(string key, TimeSpan otherwise)
    {
        if (values[key] is not { } text)
        {
            return otherwise;
        }

        if (!TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var duration))
        {
            Fault(key, $"is {Shown(key)}.", "Write hours, minutes and seconds, such as \"00:05:00\".");
        }

        return duration;
    }

    private string Shown(string key) => values[key] is { } text ? $"\"{text}\"" : "missing";

    private void Fault(string key, string what, string mend) =>
        problems.Add(new(Name, key.Replace(':', '.'), what, mend));
}
