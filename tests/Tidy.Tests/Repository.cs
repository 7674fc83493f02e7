// The source tree as the tidy rules see it: files git would track, by folder.
using System.Xml.Linq;

namespace ServerlessEventing.Tidy.Tests;

/// <summary>Finds the repository and lists its files, without build output.</summary>
internal static class Repository
{
    private static readonly string[] SkippedFolders =
        ["bin", "obj", "node_modules", ".git", "TestResults", ".eventing"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> Files { get; } = [.. List(Root).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> CSharp => Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<string> Markdown => Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal));

    public static IEnumerable<string> Projects =>
        Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static XDocument Xml(string file) => XDocument.Load(Path.Combine(Root, file));

    /// <summary>The folder of the project that owns <paramref name="file"/>, or null.</summary>
    public static string? ProjectOf(string file) => Projects
        .Select(project => Path.GetDirectoryName(project)!)
        .Where(folder => file.StartsWith(folder + "/", StringComparison.Ordinal))
        .MaxBy(folder => folder.Length);

    /// <summary>Fails with one line for each offence.</summary>
    public static void None(IEnumerable<string> offences, string rule)
    {
        var list = offences.ToList();
        Assert.True(list.Count == 0, $"{rule}\n  " + string.Join("\n  ", list));
    }

    private static IEnumerable<string> List(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        }

        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(child);
            var built = Path.GetRelativePath(Root, child) == Path.Combine("functions", "app");
            if (!SkippedFolders.Contains(name) && !built)
            {
                foreach (var file in List(child))
                {
                    yield return file;
                }
            }
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ServerlessEventing.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No ServerlessEventing.sln above the tests.");
    }
}
