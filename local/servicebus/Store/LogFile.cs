// SQLite's write-ahead log, flushed by us instead of by SQLite.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// SQLite flushes within COMMIT, on the thread that writes. Here it commits without, and another thread flushes: a
/// second handle does as well, a flush is the file's. SQLite itself still flushes the log's header, and both files
/// around a checkpoint.
/// </summary>
internal sealed partial class LogFile(string file) : IDisposable
{
    /// <summary>A little more than the log has when SQLite starts it anew.</summary>
    private const long Reserved = 20 * 1024 * 1024;
    private const long Busy = 1024 * 1024;
    private readonly SafeFileHandle _handle =
        File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private bool _reserved;

    /// <summary>Throws <see cref="IOException"/> when the disk did not take everything.</summary>
    public void Flush()
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(_handle);
            return;
        }

        // Not FlushToDisk: it is silent about a file system that became read-only. And sizes alone, not times.
        const int Interrupted = 4;
        while (DataSync(_handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new IOException($"{file}: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }

    /// <summary>
    /// A log in use gets its size at once: to flush what is overwritten costs half as much as what makes a file longer.
    /// SQLite knows zeros as no frames. Between transactions of the one writer only; without room it is left.
    /// </summary>
    public void TryReserve()
    {
        if (_reserved || RandomAccess.GetLength(_handle) is var length && length < Busy)
        {
            return;
        }

        _reserved = true;
        try
        {
            var zeros = new byte[Busy];
            for (var end = length; end < Reserved; end += zeros.Length)
            {
                RandomAccess.Write(_handle, zeros, end);
            }
        }
        catch (IOException)
        {
            // What room the disk has left is for messages.
            RandomAccess.SetLength(_handle, length);
        }
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int DataSync(SafeFileHandle file);
}
