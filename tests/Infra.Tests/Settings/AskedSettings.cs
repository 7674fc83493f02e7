// The settings that each program asks for, heard while its own code reads them.
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Functions.Doors;
using ServerlessEventing.Functions.Telemetry;
using ServerlessEventing.Operator;
using ServerlessEventing.Operator.Adapters;

namespace ServerlessEventing.Infra.Tests.Settings;

/// <summary>Names as of environment variables, and in <paramref name="Problem"/> what it says of the values.</summary>
internal sealed record AskedSettings(IReadOnlySet<string> Names, string? Problem)
{
    /// <summary>What the functions ask when they are given these; a Functions host gives the port itself.</summary>
    public static AskedSettings OfFunctions(IReadOnlyDictionary<string, string> given)
    {
        var asked = new HashSet<string>();
        var values = new Dictionary<string, string>(given) { [FunctionsSettings.HandlerPortSetting] = "7000" };
        var configuration = new ConfigurationRoot([new Listening(values, asked)]);
        FunctionsSettings.TryRead(configuration, out _, out var problem);
        new ServiceCollection().AddTelemetry(configuration, "any", prometheus: true);
        return new AskedSettings(asked, problem);
    }

    /// <summary>What the operator asks when it is given these, and started with these arguments.</summary>
    public static AskedSettings OfOperator(IReadOnlyDictionary<string, string> given, params string[] arguments)
    {
        var asked = new HashSet<string>();
        var options = OperatorSettings.Read(
            arguments,
            name =>
            {
                asked.Add(name);
                return given.GetValueOrDefault(name);
            },
            NullLoggerFactory.Instance,
            out var problem);
        return new AskedSettings(asked, options is null ? problem : null);
    }

    /// <summary>What an adapter, the operator's program too, asks before anything else.</summary>
    public static AskedSettings OfAdapter()
    {
        var asked = new HashSet<string> { ReadyPort.Setting };
        AdapterOptions.Read(
            name =>
            {
                asked.Add(name);
                return null;
            },
            out _);
        return new AskedSettings(asked, null);
    }

    /// <summary>Keeps every key that is looked for, and <c>A__*</c> where a list is.</summary>
    private sealed class Listening : ConfigurationProvider
    {
        private readonly HashSet<string> asked;

        public Listening(IReadOnlyDictionary<string, string> given, HashSet<string> asked)
        {
            this.asked = asked;
            foreach (var (name, value) in given)
            {
                Data[name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)] = value;
            }
        }

        public override bool TryGet(string key, out string? value)
        {
            asked.Add(Name(key));
            return base.TryGet(key, out value);
        }

        public override IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath)
        {
            asked.Add(Name($"{parentPath}:*"));
            return base.GetChildKeys(earlierKeys, parentPath);
        }

        private static string Name(string key) =>
            key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal);
    }
}
