// Holds a data folder for one process.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>An exclusively opened lock file; the system lets go of it however the process ends.</summary>
internal sealed class DataFolderLock : IDisposable
{
    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    public static DataFolderLock Acquire(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new DataFolderLock(new FileStream(
                Path.Combine(folder, "servicebus.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new StoreUnusableException($"The data folder {folder} is not writable: {problem.Message}", problem);
        }
        catch (IOException problem)
        {
            throw new StoreUnusableException(
                $"The data folder {folder} is in use by another Service Bus emulator (or cannot be written): " +
                $"{problem.Message} Stop the other one, or choose another folder.", problem);
        }
    }

    public void Dispose() => _file.Dispose();
}
