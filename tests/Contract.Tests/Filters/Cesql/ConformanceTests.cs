// The specification's own cases for CloudEvents SQL: value and kind of error of each.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ServerlessEventing.Contract.Tests.Filters.Cesql;

public sealed class ConformanceTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "conformance", "cesql-tck");

    // Two of them ask for a Boolean and an Integer attribute's own type. Attributes are texts here, as they are in
    // Knative behind the first HTTP hop, so there it is the text that is compared.
    private static readonly string[] TypedAttributes = ["mybool", "myint"];

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.yaml").Order(StringComparer.Ordinal))
        {
            for (var i = 0; i < Read(file).Count; i++)
            {
                cases.Add(Path.GetFileName(file), i);
            }
        }

        return cases;
    }

    [Fact]
    public void Cases_AreAllThere() => Assert.Equal(275, Cases().Count);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Case_Event_ValueAndErrorAsTheSpecificationSays(string file, int number)
    {
        var test = Read(Path.Combine(Folder, file))[number];
        var expression = Text(test, "expression")!;
        var error = Text(test, "error");
        var parsing = CeSqlExpression.Parse(expression);
        if (error == "parse")
        {
            Assert.False(parsing.Succeeded, expression);
            return;
        }

        Assert.True(parsing.Succeeded, $"{expression}: {parsing.Error}");
        var result = parsing.Expression.Evaluate(Event(test));
        Assert.Equal(error, result.Error is null ? null : NameOf(result.Error.Kind));
        Assert.Equal(Expected(test, expression), result.Value);
        Assert.Equal(result.Passes, parsing.Expression.Passes(Event(test)));
    }

    private static IReadOnlyList<YamlMappingNode> Read(string file)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(file)));
        return [.. ((YamlSequenceNode)stream.Documents[0].RootNode["tests"]).Cast<YamlMappingNode>()];
    }

    private static string? Text(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) ? ((YamlScalarNode)value).Value : null;

    private static CeSqlValue Expected(YamlMappingNode test, string expression)
    {
        var scalar = (YamlScalarNode)test["result"];
        var text = scalar.Value!;
        return scalar.Style != ScalarStyle.Plain || TypedAttributes.Contains(expression) ? CeSqlValue.Of(text)
            : bool.TryParse(text, out var boolean) ? CeSqlValue.Of(boolean)
            : int.TryParse(text, out var integer) ? CeSqlValue.Of(integer)
            : CeSqlValue.Of(text);
    }

    private static AttributeDictionary Event(YamlMappingNode test)
    {
        var attributes = test.Children.TryGetValue("event", out var whole)
            ? []
            : new Dictionary<string, string?>
            {
                ["specversion"] = "1.0",
                ["id"] = "myId",
                ["source"] = "localhost.localdomain",
                ["type"] = "myType",
            };
        var given = whole ?? (test.Children.TryGetValue("eventOverrides", out var overrides) ? overrides : null);
        foreach (var (name, value) in (given as YamlMappingNode)?.Children ?? new YamlMappingNode().Children)
        {
            attributes[((YamlScalarNode)name).Value!] = ((YamlScalarNode)value).Value;
        }

        return new AttributeDictionary(attributes);
    }

    private static string NameOf(CeSqlErrorKind kind) => kind switch
    {
        CeSqlErrorKind.Cast => "cast",
        CeSqlErrorKind.Math => "math",
        CeSqlErrorKind.MissingAttribute => "missingAttribute",
        CeSqlErrorKind.MissingFunction => "missingFunction",
        _ => "functionEvaluation",
    };
}
