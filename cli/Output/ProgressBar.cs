// A bar on stderr that grows while something is under way; none where stderr is no terminal.
using System.Diagnostics;

namespace ServerlessEventing.Cli.Output;

/// <summary>Shows a count, and of a known total a bar, at most ten times a second.</summary>
internal sealed class ProgressBar(long? total)
{
    private const int Width = 40;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly bool isShown = !Console.IsErrorRedirected && total is null or > 1;
    private readonly Stopwatch since = Stopwatch.StartNew();

    public void Show(long done)
    {
        if (isShown && since.Elapsed > Period)
        {
            since.Restart();
            Console.Error.Write($"\r{Text(done, total)}");
        }
    }

    /// <summary>Makes room for a line.</summary>
    public void Clear()
    {
        if (isShown)
        {
            Console.Error.Write("\r\u001b[K");
        }
    }

    /// <summary>The bar as text.</summary>
    public static string Text(long done, long? total) => total is { } all and > 0
        ? $"[{new string('█', (int)(done * Width / all)).PadRight(Width, '·')}] {done} of {all}"
        : $"{done} sent";
}
