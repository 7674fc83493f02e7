// What is different between two texts, line by line, with a little of what is around it.
using System.Text;

namespace ServerlessEventing.Operator.Tests.Golden;

/// <summary>A diff as <c>diff -u</c> prints it, without the line numbers.</summary>
internal static class TextDiff
{
    private const int Around = 3;

    /// <summary>Empty when there is no difference.</summary>
    public static string Of(string expected, string actual)
    {
        var lines = Lines(expected.Split('\n'), actual.Split('\n'));
        var shown = new StringBuilder();
        var last = -1;
        for (var at = 0; at < lines.Count; at++)
        {
            var from = Math.Max(0, at - Around);
            var to = Math.Min(lines.Count - 1, at + Around);
            if (!Enumerable.Range(from, to - from + 1).Any(near => lines[near].Mark != ' '))
            {
                continue;
            }

            if (last >= 0 && last < at - 1)
            {
                shown.Append("  …\n");
            }

            shown.Append(lines[at].Mark).Append(' ').Append(lines[at].Text).Append('\n');
            last = at;
        }

        return shown.ToString();
    }

    // The longest common subsequence, from the back.
    private static List<(char Mark, string Text)> Lines(string[] expected, string[] actual)
    {
        var common = new int[expected.Length + 1, actual.Length + 1];
        for (var i = expected.Length - 1; i >= 0; i--)
        {
            for (var j = actual.Length - 1; j >= 0; j--)
            {
                common[i, j] = expected[i] == actual[j]
                    ? common[i + 1, j + 1] + 1
                    : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var lines = new List<(char, string)>();
        var (at, there) = (0, 0);
        while (at < expected.Length || there < actual.Length)
        {
            if (at < expected.Length && there < actual.Length && expected[at] == actual[there])
            {
                lines.Add((' ', expected[at]));
                (at, there) = (at + 1, there + 1);
            }
            else if (there == actual.Length || (at < expected.Length && common[at + 1, there] >= common[at, there + 1]))
            {
                lines.Add(('-', expected[at++]));
            }
            else
            {
                lines.Add(('+', actual[there++]));
            }
        }

        return lines;
    }
}
