// Writes for people: quiet, aligned, coloured only on a terminal.
namespace ServerlessEventing.Cli.Output;

/// <summary>Console output. Colours only when stdout is a terminal and NO_COLOR is unset.</summary>
internal static class Terminal
{
    private static readonly bool Coloured =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private static readonly Lock Gate = new();

    public static void Line(string text = "")
    {
        lock (Gate)
        {
            Console.Out.WriteLine(text);
        }
    }

    /// <summary>A heading of a step.</summary>
    public static void Heading(string text) => Line(Bold(text));

    /// <summary>A name and what it stands for, in two columns.</summary>
    public static void Row(string name, string value, int width = 18) => Line($"  {name.PadRight(width)} {value}");

    public static string Bold(string text) => Paint("1", text);

    public static string Good(string text) => Paint("32", text);

    public static string Bad(string text) => Paint("31", text);

    public static string Faint(string text) => Paint("2", text);

    /// <summary>Text from outside, with control characters shown instead of obeyed, cut to fit a line.</summary>
    public static string Printable(string text, int limit = 200)
    {
        var shown = text.Length > limit ? text[..limit] + "…" : text;
        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '·' : source[i];
            }
        });
    }

    private static string Paint(string code, string text) => Coloured ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
