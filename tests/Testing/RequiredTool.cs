// Finds node, kubectl and the like: missing means "skipped, and it says so", or a failure when CI=true.
namespace ServerlessEventing.Testing;

/// <summary>Tools that some suites drive; never silently absent.</summary>
public static class RequiredTool
{
    /// <summary>The tool's path; skips the test when it is missing, fails it when the variable CI is true.</summary>
    public static string Find(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        if (path is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"{name} is not on PATH, and CI=true asks for every suite to run.");
        }

        Assert.SkipWhen(path is null, $"{name} is not on PATH: this suite drives it.");
        return path!;
    }
}
