// Who may refer to whom: projects by csproj, folders by using lines, packages by walls.
using System.Text.RegularExpressions;

namespace ServerlessEventing.Tidy.Tests;

public sealed partial class ArrowTests
{
    private static readonly Dictionary<string, string[]> AllowedArrows = new()
    {
        ["contract"] = [],
        ["servicebus"] = [],
        ["local/servicebus"] = [],
        ["local/kubernetes"] = [],
        ["local/workloads"] = [],
        ["bench"] = ["contract", "servicebus"],
        ["local/functionshost"] = ["servicebus"],
        ["functions"] = ["contract", "servicebus"],
        ["operator"] = ["contract", "servicebus"],
        ["cli"] =
        [
            "functions", "operator", "contract", "servicebus",
            "local/servicebus", "local/kubernetes", "local/functionshost", "local/workloads",
        ],
    };

    private static readonly Dictionary<string, string[]> PackageWalls = new()
    {
        ["KubernetesClient"] = ["operator", "cli"],
        ["AMQPNetLite"] = ["servicebus", "local/servicebus"],
        ["Microsoft.Data.Sqlite"] = ["local/servicebus", "local/kubernetes"],
        ["Yarp.ReverseProxy"] = ["local/functionshost", "cli"],
        ["CloudNative.CloudEvents"] = [],
    };

    [Fact]
    public void Projects_ReferToNothingElse()
    {
        var offences =
            from project in Repository.Projects
            where !project.StartsWith("tests/", StringComparison.Ordinal)
            let folder = Path.GetDirectoryName(project)!
            from reference in Repository.Xml(project).Descendants("ProjectReference")
            let target = Normalize(folder, (string)reference.Attribute("Include")!)
            where !AllowedArrows.TryGetValue(folder, out var allowed) || !allowed.Contains(target)
            select $"{folder} → {target}";
        Repository.None(offences, "A project refers to one it must not know (docs/architecture.md, arrows):");
    }

    [Fact]
    public void Packages_StayBehindTheirWalls()
    {
        var offences =
            from project in Repository.Projects
            where !project.StartsWith("tests/", StringComparison.Ordinal)
            let folder = Path.GetDirectoryName(project)!
            from reference in Repository.Xml(project).Descendants("PackageReference")
            let package = (string?)reference.Attribute("Include")
            where package is not null && PackageWalls.TryGetValue(package, out var allowed) && !allowed.Contains(folder)
            select $"{folder} uses {package}";
        Repository.None(offences, "A package is used outside its wall:");
    }

    [Fact]
    public void Versions_StandOnlyInDirectoryPackagesProps()
    {
        var offences =
            from project in Repository.Projects
            from reference in Repository.Xml(project).Descendants("PackageReference")
            where reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null
            select $"{project}: {(string?)reference.Attribute("Include")}";
        Repository.None(offences, "A version belongs into Directory.Packages.props:");
    }

    [Fact]
    public void Folders_FormNoCycle()
    {
        var offences = Repository.Projects
            .Where(project => !project.StartsWith("tests/", StringComparison.Ordinal))
            .SelectMany(project => FolderCycles(Path.GetDirectoryName(project)!));
        Repository.None(offences, "Folders of one project use each other in a circle:");
    }

    private static IEnumerable<string> FolderCycles(string project)
    {
        var root = RootNamespace(project);
        var arrows = new Dictionary<string, HashSet<string>>();
        foreach (var file in Repository.CSharp.Where(file => Repository.ProjectOf(file) == project))
        {
            var inside = file[(project.Length + 1)..];
            var slash = inside.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0)
            {
                continue;
            }

            var folder = inside[..slash];
            var targets = UsingLine().Matches(Repository.Read(file))
                .Select(match => match.Groups["name"].Value)
                .Where(name => name.StartsWith(root + ".", StringComparison.Ordinal))
                .Select(name => name[(root.Length + 1)..].Split('.')[0])
                .Where(target => target != folder);
            arrows.TryAdd(folder, []);
            arrows[folder].UnionWith(targets);
        }

        // Peel off folders that nothing left depends on; what cannot be peeled is a circle.
        while (arrows.FirstOrDefault(pair => !pair.Value.Any(arrows.ContainsKey)).Key is { } leaf)
        {
            arrows.Remove(leaf);
        }

        return arrows.Select(pair =>
            $"{project}/{pair.Key} → {string.Join(", ", pair.Value.Where(arrows.ContainsKey))}");
    }

    private static string RootNamespace(string project)
    {
        var file = Repository.Projects.Single(path => Path.GetDirectoryName(path) == project);
        return Repository.Xml(file).Descendants("RootNamespace").Single().Value;
    }

    private static string Normalize(string folder, string include)
    {
        var full = Path.GetFullPath(Path.Combine(Repository.Root, folder, include));
        return Path.GetDirectoryName(Path.GetRelativePath(Repository.Root, full))!.Replace('\\', '/');
    }

    [GeneratedRegex(@"^using (static )?(?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
