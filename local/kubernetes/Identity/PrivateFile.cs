// Files that only their owner may read.
namespace ServerlessEventing.Local.Kubernetes.Identity;

/// <summary>Written beside and moved into place, so that nobody reads half a file; mode 0600.</summary>
public static class PrivateFile
{
    public static void Write(string path, string text)
    {
        var fresh = $"{path}.new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(fresh, System.Text.Encoding.ASCII, options))
        {
            writer.Write(text);
        }

        File.Move(fresh, path, overwrite: true);
    }
}
