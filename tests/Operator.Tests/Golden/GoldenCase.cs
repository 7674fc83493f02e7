// One folder of Golden/cases: objects in, and what the operator is to make of them.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;

namespace ServerlessEventing.Operator.Tests.Golden;

/// <summary>
/// <c>objects.yaml</c> is applied in a namespace named like the folder; a Namespace in it gives that one's labels.
/// <c>expected.yaml</c> is what comes of it.
/// </summary>
internal sealed class GoldenCase(string name)
{
    private static readonly string Folder =
        Path.Combine(House.Root(), "tests", "Operator.Tests", "Golden", "cases");

    public static IEnumerable<string> Names =>
        Directory.EnumerateDirectories(Folder).Select(path => Path.GetFileName(path)).Order();

    public string Name => name;

    public string ExpectedFile => Path.Combine(Folder, name, "expected.yaml");

    /// <summary>Every object asked for, its namespace in it.</summary>
    public IReadOnlyList<JsonObject> Objects()
    {
        var objects = Manifests.Parse(File.ReadAllText(Path.Combine(Folder, name, "objects.yaml"))).ToList();
        foreach (var json in objects.Where(json => !IsClusterWide(json)))
        {
            json["metadata"]!["namespace"] = name;
        }

        var own = objects.FirstOrDefault(json => json.Text("kind") == "Namespace");
        if (own is null)
        {
            objects.Insert(0, new JsonObject
            {
                ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name },
            });
        }
        else
        {
            own["metadata"]!["name"] = name;
        }

        return objects;
    }

    public static bool IsClusterWide(JsonObject json) =>
        json.Text("kind") is "Namespace" or "ClusterChannelProvisioner";
}
