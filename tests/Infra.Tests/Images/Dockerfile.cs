// Reads a Dockerfile as far as ours go: what it publishes, what it copies where, what it starts.
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ServerlessEventing.Infra.Tests.Images;

internal sealed partial class Dockerfile
{
    private readonly string text;

    public Dockerfile(string name)
    {
        Name = name;
        text = File.ReadAllText(Repository.Infra("docker", $"{name}.Dockerfile"));
    }

    public string Name { get; }

    /// <summary>Arguments of <c>dotnet</c>, without <c>-o /out</c>.</summary>
    public string Publish => PublishLine().Match(text).Groups["arguments"].Value;

    /// <summary>What <c>COPY --from=build</c> takes, below <c>/out</c>, and where it puts it.</summary>
    public (string From, string To) Copy
    {
        get
        {
            var match = CopyLine().Match(text);
            return (match.Groups["from"].Value, match.Groups["to"].Value);
        }
    }

    public IReadOnlyList<string> Entrypoint =>
        JsonSerializer.Deserialize<string[]>(EntrypointLine().Match(text).Groups["json"].Value)!;

    /// <summary>The command of the health check; empty when there is none.</summary>
    public IReadOnlyList<string> HealthCheck =>
        HealthLine().Match(text) is { Success: true } match
            ? JsonSerializer.Deserialize<string[]>(match.Groups["json"].Value)!
            : [];

    /// <summary>What the image sets for its program.</summary>
    public IReadOnlyDictionary<string, string> Environment => SettingLine()
        .Matches(EnvironmentLines().Match(text).Value)
        .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);

    public IReadOnlyDictionary<string, string> Labels => LabelLine().Matches(text)
        .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);

    public string User => UserLine().Match(text).Groups["user"].Value;

    public IReadOnlyList<string> Stages => [.. StageLine().Matches(text).Select(match => match.Groups["image"].Value)];

    public bool Says(string part) => text.Contains(part, StringComparison.Ordinal);

    [GeneratedRegex(@"^RUN dotnet (?<arguments>publish .*) -o /out$", RegexOptions.Multiline)]
    private static partial Regex PublishLine();

    [GeneratedRegex(@"^COPY --from=build (?:--chown=\S+ )?/out(?<from>\S*) (?<to>\S+)$", RegexOptions.Multiline)]
    private static partial Regex CopyLine();

    [GeneratedRegex(@"^ENTRYPOINT (?<json>\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex EntrypointLine();

    [GeneratedRegex(@"^HEALTHCHECK .*\n +CMD (?<json>\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex HealthLine();

    [GeneratedRegex(@"^ENV (.*\\\n)*.*$", RegexOptions.Multiline)]
    private static partial Regex EnvironmentLines();

    [GeneratedRegex(@"(?<name>\w+)=(?<value>\S+)")]
    private static partial Regex SettingLine();

    [GeneratedRegex(@"org\.opencontainers\.image\.(?<name>\w+)=""(?<value>[^""]+)""")]
    private static partial Regex LabelLine();

    [GeneratedRegex(@"^USER (?<user>\S+)$", RegexOptions.Multiline)]
    private static partial Regex UserLine();

    [GeneratedRegex(@"^FROM (?<image>\S+)", RegexOptions.Multiline)]
    private static partial Regex StageLine();
}
