// Reads the recordings of the real host's requests.
using System.Text;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

/// <summary>One recorded request: request line, headers as <c>Name: value</c>, body.</summary>
internal sealed record Capture(string RequestLine, IReadOnlyList<string> Headers, string Body)
{
    public static IReadOnlyList<Capture> Read(string file)
    {
        var captures = new List<Capture>();
        var lines = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "conformance", file), Encoding.UTF8)
            .Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("--- ", StringComparison.Ordinal))
            {
                continue;
            }

            // "--- 2026-11-23T05:53:21.0Z POST /Tick HTTP/1.1 conn=…"
            var request = string.Join(' ', lines[i].Split(' ')[2..4]);
            var headers = new List<string>();
            for (i++; !lines[i].StartsWith("  [body ", StringComparison.Ordinal); i++)
            {
                headers.Add(lines[i].Trim());
            }

            captures.Add(new(request, headers, lines[i][(lines[i].IndexOf("] ", StringComparison.Ordinal) + 2)..]));
        }

        return captures;
    }

    public IEnumerable<string> HeaderNames => Headers.Select(header => header[..header.IndexOf(':')]);
}
