// Splits what a process writes into lines of bounded length.
using System.Text;

namespace ServerlessEventing.Local.Workloads.Processes;

/// <summary>Like ReadLine, but a line that never ends is cut, so that it cannot fill the memory.</summary>
internal static class LineReader
{
    public const int MaxLine = 16_384;

    /// <summary>Hands over each line until the stream ends or breaks.</summary>
    public static async Task PumpAsync(StreamReader reader, Action<string> take)
    {
        var line = new StringBuilder();
        var buffer = new char[4096];
        try
        {
            int count;
            while ((count = await reader.ReadAsync(buffer)) > 0)
            {
                Split(buffer.AsSpan(0, count), line, take);
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The pipe went with the process.
        }

        if (line.Length > 0)
        {
            take(line.ToString());
        }
    }

    private static void Split(ReadOnlySpan<char> text, StringBuilder line, Action<string> take)
    {
        foreach (var character in text)
        {
            if (character != '\n')
            {
                line.Append(character);
            }

            if (character == '\n' || line.Length == MaxLine)
            {
                take(line.ToString().TrimEnd('\r'));
                line.Clear();
            }
        }
    }
}
