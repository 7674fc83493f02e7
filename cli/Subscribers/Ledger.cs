// What a subscriber accepted, one JSON line an event, on disk before the answer leaves.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>One accepted event.</summary>
internal sealed record LedgerEntry(string Id, string Type, string Source, string? Subject, DateTimeOffset Time);

/// <summary>An append-only file of <see cref="LedgerEntry"/> lines: the proof that an event arrived.</summary>
internal sealed class Ledger : IDisposable
{
    private readonly FileStream file;
    private readonly Lock gate = new();

    public Ledger(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    public void Append(LedgerEntry entry)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(entry, LedgerContext.Default.LedgerEntry);
        lock (gate)
        {
            // One write a line: a reader never sees half of it, and a kill cuts at a line.
            file.Write([.. line, (byte)'\n']);
        }
    }

    /// <summary>The entries of all ledgers in a folder; none when it is not there yet.</summary>
    public static IReadOnlyList<LedgerEntry> ReadAll(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.jsonl").SelectMany(Read)]
        : [];

    private static List<LedgerEntry> Read(string path)
    {
        using var reader = new StreamReader(
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var entries = new List<LedgerEntry>();
        while (reader.ReadLine() is { } line)
        {
            if (JsonSerializer.Deserialize(line, LedgerContext.Default.LedgerEntry) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    public void Dispose() => file.Dispose();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LedgerEntry))]
[JsonSerializable(typeof(string))]
internal sealed partial class LedgerContext : JsonSerializerContext;
