// Answers each line of an input with a line of output, for scripts that ask many things of one process.
using System.Text;

namespace ServerlessEventing.Cli.Output;

/// <summary>
/// Lines may be of any length; an empty one gets no answer, and the answers to what was read are flushed.
/// </summary>
internal static class LineAnswers
{
    private const int MaxLine = 1024 * 1024;

    /// <summary>What to say about a line of which only the start is kept.</summary>
    public static readonly string TooLong = $"the line is longer than {MaxLine} characters";

    public static bool IsTooLong(string line) => line.Length > MaxLine;

    public static async Task WriteAsync(
        TextReader input, TextWriter output, Func<string, string> answer, CancellationToken cancellationToken)
    {
        var buffer = new char[16 * 1024];
        var line = new StringBuilder();
        int read;
        do
        {
            read = await input.ReadAsync(buffer, cancellationToken);
            foreach (var letter in buffer.AsSpan(0, read).ToString())
            {
                if (letter != '\n')
                {
                    // One more than the limit shows that it was passed; the rest of such a line is skipped.
                    line.Append(line.Length <= MaxLine ? letter.ToString() : "");
                    continue;
                }

                await WriteAsync();
            }

            if (read == 0)
            {
                await WriteAsync();
            }

            await output.FlushAsync(cancellationToken);
        }
        while (read > 0);

        async Task WriteAsync()
        {
            var text = line.ToString();
            line.Clear();
            if (!string.IsNullOrWhiteSpace(text))
            {
                await output.WriteLineAsync(answer(text));
            }
        }
    }
}
