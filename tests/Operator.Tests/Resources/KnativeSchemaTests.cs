// Our definitions beside Knative's: what is valid there is valid here, and shows the same columns.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;

namespace ServerlessEventing.Operator.Tests.Resources;

public sealed class KnativeSchemaTests
{
    // Where Knative's webhook refuses or fills in what its schema lets pass, our schema says it.
    private static readonly HashSet<string> RequiredByTheirWebhook =
    [
        "Trigger v1 : spec", "Trigger v1 .spec: broker", "Trigger v1 .spec: subscriber", "Subscription v1 : spec",
        "Subscription v1 .spec: channel", "Subscription v1 .spec.channel: kind", "Subscription v1 .spec.channel: name",
    ];

    private static readonly string Theirs =
        Path.Combine(House.Root(), "tests", "Local.Kubernetes.Tests", "Conformance", "knative-crds");

    private static readonly IReadOnlyDictionary<string, JsonObject> Ours = Directory
        .EnumerateFiles(Path.Combine(House.Root(), "infra", "crds"), "*.yaml")
        .SelectMany(file => Manifests.Parse(File.ReadAllText(file)))
        .ToDictionary(crd => crd.Text("metadata", "name")!);

    /// <summary>Knative's definitions of the kinds we have.</summary>
    public static TheoryData<string> Kinds => [.. Directory.EnumerateFiles(Theirs, "*.yaml").Order()
        .Select(file => Path.GetFileName(file))
        .Where(file => Ours.ContainsKey(Crd(file).Text("metadata", "name")!))];

    [Fact]
    public void Kinds_ThatBothHave_AreTwelve() => Assert.Equal(12, Kinds.Count);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Schema_OfAKind_LacksNoFieldAndAsksForNoMore(string file)
    {
        var lacking = new List<string>();
        foreach (var (version, theirs, ours) in Versions(file))
        {
            var name = $"{Crd(file).Text("spec", "names", "kind")} {version}";
            Compare(Schema(theirs), Schema(ours), $"{name} ", lacking);
        }

        Assert.True(lacking.Count == 0, string.Join('\n', lacking));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Columns_OfAKind_AreKnatives(string file)
    {
        foreach (var (_, theirs, ours) in Versions(file))
        {
            Assert.Equal(Columns(theirs), Columns(ours));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Names_OfAKind_AreKnatives(string file)
    {
        var (theirs, ours) = (Crd(file), Ours[Crd(file).Text("metadata", "name")!]);
        foreach (var field in new[] { "kind", "plural", "singular" })
        {
            Assert.Equal(theirs.Text("spec", "names", field), ours.Text("spec", "names", field));
        }

        Assert.Equal(
            theirs.Items("spec", "names", "shortNames").Select(name => $"{name}"),
            ours.Items("spec", "names", "shortNames").Select(name => $"{name}"));
        // Category `channel` would hide v0.7's kind Channel from kubectl; see infra/crds/NOTICE.md.
        Assert.Equal(
            theirs.Items("spec", "names", "categories").Select(name => $"{name}").Where(name => name != "channel"),
            ours.Items("spec", "names", "categories").Select(name => $"{name}"));
    }

    private static IEnumerable<(string Version, JsonNode Theirs, JsonNode Ours)> Versions(string file)
    {
        var theirs = Crd(file);
        var ours = Ours[theirs.Text("metadata", "name")!];
        foreach (var version in theirs.Items("spec", "versions").Where(version => version.At("served") is { } served
            && served.GetValue<bool>()))
        {
            var name = version.Text("name")!;
            // Deprecated there, and its fields are v1's: infra/crds/NOTICE.md says that it is left out.
            if (file == "pingsource.yaml" && name == "v1beta2")
            {
                continue;
            }

            var match = ours.Items("spec", "versions").SingleOrDefault(candidate => candidate.Text("name") == name);
            Assert.True(match is not null, $"{file}: version {name} is not served");
            yield return (name, version!, match!);
        }
    }

    private static void Compare(JsonNode? theirs, JsonNode? ours, string path, List<string> lacking)
    {
        if (theirs.Text("type") is { } type && ours.Text("type") is { } own && type != own)
        {
            lacking.Add($"{path}: {own} here, {type} there");
        }

        foreach (var required in ours.Items("required").Select(name => $"{name}"))
        {
            if (!theirs.Items("required").Any(name => $"{name}" == required)
                && !RequiredByTheirWebhook.Contains($"{path}: {required}"))
            {
                lacking.Add($"{path}: {required} is required here, not there");
            }
        }

        foreach (var (name, schema) in theirs.Object("properties") ?? [])
        {
            var (mine, below) = (ours.At("properties", name), $"{path}.{name}");
            if (mine is not null)
            {
                Compare(schema, mine, below, lacking);
            }
            else
            {
                // Kept unseen is not enough: kubectl explains and strictly checks what is declared.
                lacking.Add($"{below} is missing here");
            }
        }

        if (theirs.At("items") is { } items)
        {
            Compare(items, ours.At("items"), path + "[]", lacking);
        }

        if (theirs.At("additionalProperties") is JsonObject values)
        {
            Compare(values, ours.At("additionalProperties"), path + "{}", lacking);
        }
    }

    private static IEnumerable<string> Columns(JsonNode version) => version.Items("additionalPrinterColumns")
        .Select(column => $"{column.Text("name")} {column.Text("type")} {column.Text("jsonPath")}");

    private static JsonNode? Schema(JsonNode version) => version.At("schema", "openAPIV3Schema");

    private static JsonObject Crd(string file) =>
        Manifests.Parse(File.ReadAllText(Path.Combine(Theirs, file))).Single();
}
