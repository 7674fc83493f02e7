// Habits the compiler does not check: cancellation names, waiting, static state, paths in files.
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ServerlessEventing.Tidy.Tests;

public sealed partial class HabitTests
{
    [Fact]
    public void CancellationTokens_AreSpelledOut() => Repository.None(
        from file in Repository.CSharp
        from match in TokenParameter().Matches(Repository.Read(file)).Cast<Match>()
        where match.Groups["name"].Value != "cancellationToken"
        select $"{file}: {match.Value}",
        "Call it cancellationToken:");

    [Fact]
    public void NoBlockingOrFireAndForget() => Repository.None(
        from file in Repository.CSharp
        where !file.StartsWith("tests/Tidy.Tests/", StringComparison.Ordinal)
        from match in Blocking().Matches(Repository.Read(file)).Cast<Match>()
        select $"{file}: {match.Value.Trim()}",
        "Await instead:");

    [Fact]
    public void Tests_WaitOnConditions() => Repository.None(
        from file in Repository.CSharp
        where file.StartsWith("tests/", StringComparison.Ordinal)
        where !file.StartsWith("tests/Tidy.Tests/", StringComparison.Ordinal)
        where Path.GetFileName(file) != "Eventually.cs"
        where Sleeping().IsMatch(Repository.Read(file))
        select file,
        "Wait with Eventually, with a deadline:");

    [Fact]
    public void StaticFields_AreReadonly() => Repository.None(
        from file in Repository.CSharp
        from field in CSharpSyntaxTree.ParseText(Repository.Read(file)).GetCompilationUnitRoot()
            .DescendantNodes().OfType<FieldDeclarationSyntax>()
        where field.Modifiers.Any(SyntaxKind.StaticKeyword) && !field.Modifiers.Any(SyntaxKind.ReadOnlyKeyword)
        select $"{file}: {field.Declaration}",
        "Static state that changes:");

    [Fact]
    public void Files_NameNoMachine() => Repository.None(
        from file in Repository.Files
        where TextFile().IsMatch(file) && !file.StartsWith("tests/Tidy.Tests/", StringComparison.Ordinal)
        from match in MachinePath().Matches(Repository.Read(file)).Cast<Match>()
        select $"{file}: {match.Value}",
        "A path or host of one machine:");

    [GeneratedRegex(@"CancellationToken (?<name>[a-z]\w*)\s*[,)=]")]
    private static partial Regex TokenParameter();

    [GeneratedRegex(@"async void|\.ConfigureAwait\(|\.GetAwaiter\(\)\.GetResult\(\)")]
    private static partial Regex Blocking();

    [GeneratedRegex(@"Task\.Delay\(|Thread\.Sleep\(")]
    private static partial Regex Sleeping();

    [GeneratedRegex(@"\.(cs|csproj|props|json|md|yaml|yml|sh|mjs|js|bicep)$|^\.ci/")]
    private static partial Regex TextFile();

    [GeneratedRegex(@"(?<![\w.$}/-])/(work|root|home/\w+)/\w|https?://[\w.-]*(nexus|artifactory|npmmirror)[\w.-]*")]
    private static partial Regex MachinePath();
}
