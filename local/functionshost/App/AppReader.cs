// Reads and validates a function app: host.json, then each folder's function.json.
using System.Text.Json;

namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>Turns a folder into a <see cref="FunctionApp"/>, or into the list of what is wrong with it.</summary>
public static class AppReader
{
    /// <summary>
    /// The app, or null with at least one problem. <paramref name="executableGiven"/>: the caller starts a handler of
    /// its own, so host.json need not name one.
    /// </summary>
    public static (FunctionApp? App, IReadOnlyList<AppProblem> Problems) Read(
        string root, AppSettings settings, bool executableGiven)
    {
        var problems = new List<AppProblem>();
        var fullRoot = Path.GetFullPath(root);
        var host = HostFile.Read(fullRoot, settings, executableGiven, problems);
        if (host is null)
        {
            return (null, problems);
        }

        var only = HostFile.OnlyFunctions(fullRoot, settings);
        var functions = Directory.EnumerateFiles(fullRoot, "function.json", new EnumerationOptions
            {
                RecurseSubdirectories = true,
                MaxRecursionDepth = 1,
            })
            .Where(file => Path.GetDirectoryName(file) != fullRoot)
            .Order(StringComparer.Ordinal)
            .Where(file => only.Count == 0 || only.Contains(NameOf(file)))
            .Select(file => ReadFunction(file, fullRoot, host, settings, problems))
            .OfType<FunctionDefinition>()
            .ToList();
        if (functions.Count == 0 && problems.Count == 0)
        {
            problems.Add(new(fullRoot, "(folder)", "holds no function.",
                "Put each function in a folder of its own with a function.json in it."));
        }

        return problems.Count > 0
            ? (null, problems)
            : (new FunctionApp { Root = fullRoot, Host = host, Functions = functions }, problems);
    }

    private static string NameOf(string file) => Path.GetFileName(Path.GetDirectoryName(file)!);

    private static FunctionDefinition? ReadFunction(
        string file, string root, HostSettings host, AppSettings settings, List<AppProblem> problems)
    {
        var shown = Path.GetRelativePath(root, file);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            });
            var trigger = new FunctionFile(shown, host, settings, problems).Read(document.RootElement, NameOf(file));
            return trigger is null ? null : new FunctionDefinition(NameOf(file), trigger);
        }
        catch (JsonException broken)
        {
            problems.Add(new(shown, "(file)", $"is not JSON: {broken.Message}", "Mend the syntax."));
            return null;
        }
    }
}
