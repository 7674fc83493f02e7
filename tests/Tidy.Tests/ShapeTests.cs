// Sizes, first lines, names and namespaces of source files.
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ServerlessEventing.Tidy.Tests;

public sealed partial class ShapeTests
{
    private const int MaxFileLines = 500;
    private const int MaxMethodLines = 70;
    private const int MaxLineLength = 120;
    private const int MaxProgramLines = 60;

    private static readonly string[] BannedFolders = ["Common", "Core", "Shared", "Misc", "Utils", "Util", "Helpers"];
    private static readonly string[] BannedEndings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Service"];

    private static readonly IReadOnlyList<(string File, string Text, CompilationUnitSyntax Tree)> Sources =
    [
        .. Repository.CSharp.Select(file =>
        {
            var text = Repository.Read(file);
            return (file, text, CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot());
        }),
    ];

    [Fact]
    public void Files_AreShort() => Repository.None(
        from source in Sources
        let lines = source.Text.Count(c => c == '\n')
        let limit = Path.GetFileName(source.File) == "Program.cs" ? MaxProgramLines : MaxFileLines
        where lines > limit
        select $"{source.File}: {lines} lines, at most {limit}",
        "A file is too long; it is probably two things:");

    [Fact]
    public void Methods_AreShort() => Repository.None(
        from source in Sources
        from method in source.Tree.DescendantNodes()
        where method is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax
        let span = method.GetLocation().GetLineSpan()
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > MaxMethodLines
        select $"{source.File}:{span.StartLinePosition.Line + 1}: {lines} lines, at most {MaxMethodLines}",
        "A method is too long:");

    [Fact]
    public void Lines_AreShort() => Repository.None(
        from source in Sources
        from line in source.Text.Split('\n').Select((text, index) => (Text: text, Number: index + 1))
        where line.Text.Length > MaxLineLength
        select $"{source.File}:{line.Number}: {line.Text.Length} characters, at most {MaxLineLength}",
        "A line is too long:");

    [Fact]
    public void FirstLine_SaysWhatTheFileIsFor() => Repository.None(
        from source in Sources
        where !FirstLine().IsMatch(source.Text)
        select source.File,
        "The first line must be a sentence: `// What this is for.`");

    [Fact]
    public void Namespace_IsFolder() => Repository.None(
        from source in Sources
        let project = Repository.ProjectOf(source.File)
        where project is not null
        let declared = source.Tree.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()
        where declared is not null
        let expected = ExpectedNamespace(source.File, project)
        where declared.Name.ToString() != expected
        select $"{source.File}: {declared.Name}, expected {expected}",
        "A namespace differs from its folder:");

    [Fact]
    public void Folders_AreNamedForWhatIsInThem() => Repository.None(
        Repository.CSharp
            .SelectMany(file => Path.GetDirectoryName(file)!.Split('/'))
            .Distinct()
            .Where(BannedFolders.Contains),
        "A folder's name says nothing:");

    [Fact]
    public void Types_AreNamedForWhatTheyDo() => Repository.None(
        from source in Sources
        from type in source.Tree.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        let name = type.Identifier.Text
        where BannedEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))
        select $"{source.File}: {name}",
        "A type's name says nothing:");

    [Fact]
    public void PublicTypes_LiveInFilesOfTheirName() => Repository.None(
        from source in Sources
        let types = source.Tree.Members
            .SelectMany(member => member is BaseNamespaceDeclarationSyntax space ? space.Members : [member])
            .OfType<BaseTypeDeclarationSyntax>()
            .Where(type => type.Modifiers.Any(SyntaxKind.PublicKeyword))
            .Select(type => type.Identifier.Text)
            .ToList()
        let name = Path.GetFileNameWithoutExtension(source.File)
        where types.Count > 0 && !types.Contains(name)
        select $"{source.File}: {string.Join(", ", types)}",
        "A public type lives in a file of its own name:");

    private static string ExpectedNamespace(string file, string project)
    {
        var csproj = Repository.Projects.Single(path => Path.GetDirectoryName(path) == project);
        var root = Repository.Xml(csproj).Descendants("RootNamespace").Single().Value;
        var inside = Path.GetDirectoryName(file[(project.Length + 1)..])!;
        return inside.Length == 0 ? root : root + "." + inside.Replace('/', '.');
    }

    [GeneratedRegex(@"^// \S.*[.:!]\r?\n")]
    private static partial Regex FirstLine();
}
