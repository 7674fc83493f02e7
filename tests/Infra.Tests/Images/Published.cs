// What the publish line of a Dockerfile leaves, made by that very line.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests.Images;

/// <summary>The layouts of the images, each published once, outside the repository.</summary>
public sealed class Published : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Dictionary<string, Task<string>> made = [];

    public Published()
    {
        // Whoever runs an image is another user than the one who built it.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path)
                | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The folder that stands for /out.</summary>
    internal Task<string> OutAsync(Dockerfile file)
    {
        lock (made)
        {
            return made.TryGetValue(file.Publish, out var task) ? task : made[file.Publish] = PublishAsync(file);
        }
    }

    // Artifacts and lock files of its own: the repository's are those of the ordinary build.
    private async Task<string> PublishAsync(Dockerfile file)
    {
        var to = folder[file.Name];
        await CommandLine.OkAsync(
            "dotnet",
            $"{file.Publish} -o {to} --artifacts-path {folder[file.Name + "-artifacts"]} "
            + "-p:RestoreLockedMode=false -p:NuGetLockFilePath=obj/image.lock.json -nodeReuse:false -v quiet");
        return to;
    }
}
