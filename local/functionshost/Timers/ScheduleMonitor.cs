// Keeps each timer's schedule status in a file, so that a run missed while the host was down is noticed.
using System.Text.Json;

namespace ServerlessEventing.Local.FunctionsHost.Timers;

/// <summary>One JSON file a timer, in the shape the real host keeps in its storage account.</summary>
internal sealed class ScheduleMonitor(string folder)
{
    /// <summary>
    /// The stored status; null when there is none or it cannot be read (the timer then starts afresh).
    /// </summary>
    public ScheduleStatus? Load(string function)
    {
        try
        {
            return JsonSerializer.Deserialize<ScheduleStatus>(File.ReadAllBytes(PathOf(function)));
        }
        catch (Exception unreadable) when (unreadable is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces the status by a rename, so that a crash leaves the old file or the new one.</summary>
    public void Save(string function, ScheduleStatus status)
    {
        Directory.CreateDirectory(folder);
        var path = PathOf(function);
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(status));
        File.Move(path + ".new", path, overwrite: true);
    }

    private string PathOf(string function) => Path.Combine(folder, function + ".json");
}
