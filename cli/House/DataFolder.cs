// The folder that holds everything the house remembers.
namespace ServerlessEventing.Cli.House;

/// <summary>Paths inside a data folder, and the lock that keeps a second house out of it.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream gate;

    private DataFolder(string path, FileStream gate)
    {
        Path = path;
        this.gate = gate;
    }

    public string Path { get; }

    public string ServiceBus => System.IO.Path.Combine(Path, "servicebus");

    public string Kubernetes => System.IO.Path.Combine(Path, "kubernetes");

    public string Kubeconfig => System.IO.Path.Combine(Path, "kubeconfig");

    /// <summary>The ledgers of a Deployment of event-display: one file for each Pod it ever had.</summary>
    public string Ledgers(string @namespace, string deployment) =>
        System.IO.Path.Combine(Path, "ledgers", $"{@namespace}.{deployment}");

    /// <summary>Makes the folder (owner only) and takes its lock.</summary>
    public static DataFolder Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                Directory.CreateDirectory(
                    full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var file = new FileStream(
                System.IO.Path.Combine(full, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new DataFolder(full, file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"data folder {full}: {failure.Message} Another house may use it; choose another with --data.");
        }
    }

    public void Dispose() => gate.Dispose();
}
