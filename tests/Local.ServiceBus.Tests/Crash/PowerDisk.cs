// A disk whose power can be cut: a file system in a file, mounted through a loop device.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>
/// What a program has written but not flushed is in the memory of the mounted file system and not in the file; so a
/// copy of the file is what a machine would find on its disk after its power was cut.
/// </summary>
internal sealed class PowerDisk : IAsyncDisposable
{
    private const int Megabytes = 256;
    private readonly TempFolder _folder = new();
    private string _image;
    private int _cuts;

    private PowerDisk() => _image = _folder["0.img"];

    /// <summary>Where it is mounted.</summary>
    public string Path => _folder["disk"];

    /// <summary>Skips the test, and says why, where nobody may mount.</summary>
    public static async Task<PowerDisk> CreateAsync()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "POWER CUTS WERE NOT TESTED: mounting a disk image needs Linux and root.");
        var disk = new PowerDisk();
        Directory.CreateDirectory(disk.Path);
        await using (var image = File.Create(disk._image))
        {
            image.SetLength(Megabytes * 1024L * 1024);
        }

        await Shell.RunAsync("mkfs.ext4", "-q", disk._image);
        var (code, said) = await disk.TryMountAsync();
        if (code != 0)
        {
            disk._folder.Dispose();
            Assert.Skip($"POWER CUTS WERE NOT TESTED: no loop device could be mounted here: {said}");
        }

        return disk;
    }

    /// <summary>
    /// The emulator stands still meanwhile, so nobody is promised anything that is too late for the copy.
    /// </summary>
    public async Task CutAsync(EmulatorProcess emulator)
    {
        await emulator.FreezeAsync();
        var after = _folder[$"{++_cuts}.img"];
        await Shell.RunAsync("cp", "--sparse=always", _image, after);
        emulator.Kill();
        await Shell.RunAsync("umount", Path);
        File.Delete(_image);
        _image = after;
        var (code, said) = await TryMountAsync();
        Assert.True(code == 0, $"The disk cannot be mounted after the cut: {said}");
    }

    public async ValueTask DisposeAsync()
    {
        await Shell.TryRunAsync("umount", Path);
        _folder.Dispose();
    }

    private Task<(int Code, string Said)> TryMountAsync() => Shell.TryRunAsync("mount", "-o", "loop", _image, Path);
}
