// The docs tell the truth: links lead somewhere, commands exist, claims name tests that exist.
using System.Text.RegularExpressions;

namespace ServerlessEventing.Tidy.Tests;

public sealed partial class DocsTests
{
    [Fact]
    public void Links_LeadSomewhere() => Repository.None(
        from page in Repository.Markdown
        from match in Link().Matches(Repository.Read(page)).Cast<Match>()
        let target = match.Groups["target"].Value
        where !target.Contains(':', StringComparison.Ordinal)
        let path = target.Split('#')[0]
        where path.Length > 0
        let full = Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, path)
        where !File.Exists(full) && !Directory.Exists(full)
        select $"{page}: {target}",
        "A link in the docs leads nowhere:");

    [Fact]
    public void Pages_HaveOneTitle() => Repository.None(
        from page in Repository.Markdown
        let text = Fence().Replace(Repository.Read(page), "")
        let titles = Title().Count(text)
        where titles != 1
        select $"{page}: {titles} titles",
        "A page has one `# Title`:");

    [Fact]
    public void Commands_Exist()
    {
        var verbs = Repository.CSharp
            .Where(file => file.StartsWith("cli/", StringComparison.Ordinal))
            .SelectMany(file => Verb().Matches(Repository.Read(file)))
            .Select(match => match.Groups["verb"].Value)
            .ToHashSet();
        var offences =
            from page in Repository.Markdown
            from match in EventingCommand().Matches(Repository.Read(page)).Cast<Match>()
            where !verbs.Contains(match.Groups["verb"].Value)
            select $"{page}: eventing {match.Groups["verb"].Value}";
        Repository.None(offences, "The docs name a command that `eventing` does not have:");
    }

    [Fact]
    public void Projects_NamedInCommands_Exist() => Repository.None(
        from page in Repository.Markdown
        from match in DotnetProject().Matches(Repository.Read(page)).Cast<Match>()
        let folder = Path.Combine(Repository.Root, match.Groups["project"].Value)
        where !Directory.Exists(folder) && !File.Exists(folder)
        select $"{page}: {match.Value}",
        "The docs name a project that does not exist:");

    [Fact]
    public void Claims_NameTestsThatExist()
    {
        var tests = string.Join('\n', Repository.Files
            .Where(file => file.StartsWith("tests/", StringComparison.Ordinal))
            .Where(file => Path.GetExtension(file) is ".cs" or ".mjs")
            .Select(Repository.Read));
        var offences =
            from page in Repository.Markdown
            from match in TestName().Matches(Repository.Read(page)).Cast<Match>()
            where !tests.Contains(match.Groups["method"].Value, StringComparison.Ordinal)
            select $"{page}: {match.Value}";
        Repository.None(offences, "A page names a test that does not exist:");
    }

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^# ", RegexOptions.Multiline)]
    private static partial Regex Title();

    [GeneratedRegex("new Command\\(\\s*\"(?<verb>[a-z-]+)\"")]
    private static partial Regex Verb();

    [GeneratedRegex(@"(?<=^|`|--project cli -- )eventing (?<verb>[a-z][a-z-]*)", RegexOptions.Multiline)]
    private static partial Regex EventingCommand();

    [GeneratedRegex(@"dotnet run [^`\n]*--project (?<project>\S+)")]
    private static partial Regex DotnetProject();

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<method>\w+)`")]
    private static partial Regex TestName();
}
