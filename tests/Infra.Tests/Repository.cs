// Finds the files under test: this repository's own.
namespace ServerlessEventing.Infra.Tests;

internal static class Repository
{
    public static readonly string Root = Find();

    public static string Infra(params string[] path) => Path.Combine([Root, "infra", .. path]);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "ServerlessEventing.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
