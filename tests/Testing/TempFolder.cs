// A folder of a test's own, gone when the test is.
namespace ServerlessEventing.Testing;

/// <summary>A fresh folder under the system's temp folder, deleted on dispose.</summary>
public sealed class TempFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    public TempFolder()
        : this(Directory.CreateTempSubdirectory("eventing-").FullName)
    {
    }

    private TempFolder(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>In memory where the system has a file system there: for what a slow disk says nothing of.</summary>
    public static TempFolder InMemory() => Directory.Exists(Memory)
        ? new(Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"eventing-{Guid.NewGuid():N}")).FullName)
        : new();

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that is still ending may hold a file; the system's temp folder is swept by its owner.
        }
    }
}
