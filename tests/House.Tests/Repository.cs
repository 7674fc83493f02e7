// Files of the repository the tests were built from.
namespace ServerlessEventing.House.Tests;

/// <summary>Finds files by their path in the repository.</summary>
internal static class Repository
{
    public static string File(string path)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(root.FullName, "ServerlessEventing.sln")))
        {
            root = root.Parent!;
        }

        return Path.Combine(root.FullName, path);
    }
}
