// Where the `eventing` command is, as this repository builds it.
namespace ServerlessEventing.Bench.Targets;

internal static class EventingCommand
{
    public static string Find()
    {
        var repository = new DirectoryInfo(AppContext.BaseDirectory);
        while (repository is not null && !File.Exists(Path.Combine(repository.FullName, "ServerlessEventing.sln")))
        {
            repository = repository.Parent;
        }

        var command = Path.Combine(repository?.FullName ?? ".", "cli", "bin", "Release", "net10.0", "eventing.dll");
        return File.Exists(command)
            ? command
            : throw new BenchException($"""
                The bench starts {command}, which is not built. Build it first:
                  dotnet build -c Release cli
                """);
    }
}
