// The patch formats, on their own.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Patches;

namespace ServerlessEventing.Local.Kubernetes.Tests.Units;

public sealed class PatchTests
{
    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":[1]},{"op":"add","path":"/b/-","value":2}]""",
        """{"a":1,"b":[1,2]}""")]
    [InlineData("""{"a":{"x/y":1}}""", """[{"op":"remove","path":"/a/x~1y"}]""", """{"a":{}}""")]
    [InlineData("""{"a":[1,3]}""", """[{"op":"add","path":"/a/1","value":2}]""", """{"a":[1,2,3]}""")]
    [InlineData("""{"a":1}""", """[{"op":"move","from":"/a","path":"/b"}]""", """{"b":1}""")]
    [InlineData("""{"a":{"c":1}}""", """[{"op":"copy","from":"/a","path":"/b"}]""", """{"a":{"c":1},"b":{"c":1}}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":1},{"op":"replace","path":"/a","value":2}]""",
        """{"a":2}""")]
    public void JsonPatch_Fitting_IsApplied(string before, string patch, string after)
    {
        var target = Object(before);
        Assert.Null(JsonPatch.Apply(target, (JsonArray)JsonNode.Parse(patch)!));
        Assert.Equal(after, target.ToJsonString());
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/no","value":1}]""")]
    [InlineData("""[{"op":"remove","path":"/no"}]""")]
    [InlineData("""[{"op":"remove","path":""}]""")]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""")]
    [InlineData("""[{"op":"add","path":"/a/b/c","value":2}]""")]
    [InlineData("""[{"op":"dance","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("[7]")]
    public void JsonPatch_NotFitting_SaysWhy(string patch) =>
        Assert.NotNull(JsonPatch.Apply(Object("""{"a":1}"""), (JsonArray)JsonNode.Parse(patch)!));

    [Fact]
    public void MergePatch_NullRemoves_ObjectsMerge_ListsReplace()
    {
        var target = Object("""{"a":1,"b":{"c":1,"d":2},"e":[1,2]}""");
        MergePatch.Apply(target, Object("""{"a":null,"b":{"c":null,"x":{"y":null,"z":1}},"e":[3]}"""));
        Assert.Equal("""{"b":{"d":2,"x":{"z":1}},"e":[3]}""", target.ToJsonString());
    }

    [Theory]
    [InlineData("""[{"name":"b","image":"2"}]""", """[{"name":"b","image":"2"},{"name":"a","image":"1"}]""")]
    [InlineData("""[{"name":"a","image":"2"}]""", """[{"name":"a","image":"2"}]""")]
    [InlineData("""[{"name":"a","$patch":"delete"}]""", "[]")]
    [InlineData("""[{"$patch":"replace"},{"name":"z","image":"9"}]""", """[{"name":"z","image":"9"}]""")]
    public void StrategicPatch_Containers_MergeByName(string containers, string after)
    {
        var schema = BuiltinSchemas.Of("apps", "Deployment");
        JsonObject With(string list) => Object("""{"spec":{"template":{"spec":{"containers":LIST}}}}"""
            .Replace("LIST", list, StringComparison.Ordinal));
        var target = With("""[{"name":"a","image":"1"}]""");
        StrategicMergePatch.Apply(target, With(containers), schema);
        Assert.Equal(With(after).ToJsonString(), target.ToJsonString());
    }

    [Fact]
    public void StrategicPatch_OrderAndRetainKeys_AreMinded()
    {
        var schema = BuiltinSchemas.Of("apps", "Deployment");
        var target = Object("""
            {"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}},
             "template":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}}}
            """);
        StrategicMergePatch.Apply(target, Object("""
            {"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"},
             "template":{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}}}
            """), schema);
        Assert.Equal("""
            {"spec":{"strategy":{"type":"Recreate"},"template":{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}}}
            """, target.ToJsonString());
    }

    private static JsonObject Object(string json) => (JsonObject)JsonNode.Parse(json)!;
}
