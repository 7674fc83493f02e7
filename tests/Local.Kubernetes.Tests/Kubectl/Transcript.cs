// A golden file: commands, what they print and how they end, with what differs from run to run made the same.
using System.Text;
using System.Text.RegularExpressions;

namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

/// <summary>One command of a transcript and what came of it.</summary>
internal sealed record Step(string Command, string Printed, int Code);

/// <summary>
/// Reads and writes `$ command`, the lines it prints, `= exit code`; lines before the first command stay.
/// </summary>
internal sealed partial class Transcript(string head, IReadOnlyList<Step> steps)
{
    public IReadOnlyList<Step> Steps => steps;

    public static Transcript Parse(string text)
    {
        var head = new StringBuilder();
        var steps = new List<Step>();
        string? command = null;
        var printed = new StringBuilder();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                command = line[2..];
                printed.Clear();
            }
            else if (command is not null && line.StartsWith("= ", StringComparison.Ordinal))
            {
                steps.Add(new Step(command, printed.ToString(), int.Parse(line[2..])));
                command = null;
            }
            else
            {
                (command is null && steps.Count == 0 ? head : printed).Append(line).Append('\n');
            }
        }

        return new Transcript(head.ToString(), steps);
    }

    public string Write(IEnumerable<Step> anew)
    {
        var text = new StringBuilder(head);
        foreach (var step in anew)
        {
            text.Append($"$ {step.Command}\n{step.Printed}= {step.Code}\n");
        }

        return text.ToString();
    }

    /// <summary>Ages, uids, times, addresses and paths become words; runs of spaces become two.</summary>
    public static string Normalise(string printed)
    {
        var text = printed.Replace("\r", "", StringComparison.Ordinal);
        text = Uid().Replace(text, "UID");
        text = Time().Replace(text, "TIME");
        text = LongTime().Replace(text, "TIME");
        text = Address().Replace(text, "ADDRESS");
        text = ResourceVersion().Replace(text, "resourceVersion: \"N\"");
        text = DescribedVersion().Replace(text, "Resource Version:  N");
        text = DiffHead().Replace(text, "$1 FILE");
        text = Pid().Replace(text, "diff");
        text = Age().Replace(text, "AGE");
        text = Spaces().Replace(text, "$1  ");
        text = Trailing().Replace(text, "");
        return text.Length == 0 || text.EndsWith('\n') ? text : text + "\n";
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Time();

    [GeneratedRegex(@"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")]
    private static partial Regex LongTime();

    [GeneratedRegex(@"\b10\.\d+\.\d+\.\d+\b")]
    private static partial Regex Address();

    [GeneratedRegex("resourceVersion: \"\\d+\"")]
    private static partial Regex ResourceVersion();

    [GeneratedRegex(@"Resource Version: +\d+")]
    private static partial Regex DescribedVersion();

    [GeneratedRegex(@"^(---|\+\+\+) /.*$", RegexOptions.Multiline)]
    private static partial Regex DiffHead();

    [GeneratedRegex("^diff .*$", RegexOptions.Multiline)]
    private static partial Regex Pid();

    [GeneratedRegex(@"(?<=  )(\d+[smh])+(?= *$|  )", RegexOptions.Multiline)]
    private static partial Regex Age();

    [GeneratedRegex("(\\S)   +")]
    private static partial Regex Spaces();

    [GeneratedRegex("[ \\t]+$", RegexOptions.Multiline)]
    private static partial Regex Trailing();
}
