// What kubectl makes of each overlay, built once.
using System.Collections.Concurrent;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

internal static class Overlays
{
    public const string Emulator = "local-emulator";
    public const string ConnectionString = "azure-connection-string";
    public const string WorkloadIdentity = "azure-workload-identity";

    public static readonly TheoryData<string> All = [Emulator, ConnectionString, WorkloadIdentity];

    private static readonly ConcurrentDictionary<string, Task<string>> Built = new();

    public static string Folder(string overlay) => Repository.Infra("kustomize", "overlays", overlay);

    public static Task<string> BuildAsync(string overlay) => Built.GetOrAdd(
        overlay, name => CommandLine.OkAsync(RequiredTool.Find("kubectl"), $"kustomize {Folder(name)}"));
}
