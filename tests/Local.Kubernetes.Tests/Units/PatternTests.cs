// Patterns of a schema: read as Kubernetes reads them, and never slow.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Tests.Units;

public sealed class PatternTests
{
    private const string Duration = @"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$";

    [Theory]
    [InlineData(Duration, "PT0.2S", 0)]
    [InlineData(Duration, "2 s", 1)]
    [InlineData("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 1)]
    public void Pattern_Text_FitsOrIsNamed(string pattern, string text, int causes)
    {
        var (schema, reader) = Read(pattern);

        Assert.Empty(reader.Causes);
        var found = SchemaValidation.Check(new JsonObject { ["it"] = text }, schema);
        Assert.Equal(causes, found.Count);
        Assert.All(found, cause => Assert.Contains("should match", cause.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("(?=a)")]
    public void Pattern_ThatKubernetesRefuses_IsNamed(string pattern) => Assert.Single(Read(pattern).Reader.Causes);

    private static (Schema Schema, SchemaReader Reader) Read(string pattern)
    {
        var reader = new SchemaReader();
        var schema = reader.Read(
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["it"] = new JsonObject { ["type"] = "string", ["pattern"] = pattern },
                },
            },
            "spec");
        return (schema, reader);
    }
}
