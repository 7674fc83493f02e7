// Filters as users write them, right and wrong.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Tests.Resources;

public sealed class FilterReaderTests
{
    [Theory]
    [InlineData("{}", 0)]
    [InlineData("""{"filter":{}}""", 0)]
    [InlineData("""{"filter":{"attributes":{}}}""", 0)]
    [InlineData("""{"filter":{"attributes":{"type":"a","source":""}}}""", 2)]
    [InlineData("""{"filter":{"sourceAndType":{"type":"","source":""}}}""", 0)]
    [InlineData("""{"filter":{"sourceAndType":{"type":"a","source":""}}}""", 1)]
    public void Read_OldFilters_GiveTheirAttributes(string spec, int attributes)
    {
        var read = FilterReader.Read(JsonNode.Parse(spec));
        Assert.True(read.IsValid);
        Assert.Equal(attributes, read.Filters.Sum(filter => filter.Attributes!.Count));
    }

    [Fact]
    public void Read_FiltersAndFilter_FiltersWin()
    {
        var read = FilterReader.Read(JsonNode.Parse(
            """{"filter":{"attributes":{"type":"old"}},"filters":[{"exact":{"type":"new"}}]}"""));
        Assert.Equal("new", Assert.Single(read.Filters).Exact!["type"]);
    }

    [Fact]
    public void Read_EmptyFiltersList_FilterCounts()
    {
        var read = FilterReader.Read(JsonNode.Parse("""{"filter":{"attributes":{"type":"old"}},"filters":[]}"""));
        Assert.Equal("old", Assert.Single(read.Filters).Attributes!["type"]);
    }

    [Fact]
    public void Read_NestedTree_KeepsItsShapeWithoutTheEmptyParts()
    {
        var read = FilterReader.Read(JsonNode.Parse(
            """
            {"filters":[{"any":[{"exact":{"type":"a"}},{"not":{"prefix":{"subject":"b"}}},{}]},
             {"all":[]},{"not":{}}]}
            """));
        var any = Assert.Single(read.Filters).Any!;
        Assert.Equal(2, any.Count);
        Assert.Equal("b", any[1].Not!.Prefix!["subject"]);
    }

    [Theory]
    [InlineData("""{"filters":[{"exact":{"Type":"a"}}]}""", FilterReader.Invalid, "spec.filters[0].exact")]
    [InlineData("""{"filters":[{"exact":{"s_pace":"a"}}]}""", FilterReader.Invalid, "'s_pace'")]
    [InlineData("""{"filters":[{"all":[{"exact":{"type":""}}]}]}""", FilterReader.Invalid, "all[0].exact.type")]
    [InlineData("""{"filters":[{"exact":{"type":"a"},"suffix":{"type":"b"}}]}""", FilterReader.Invalid, "multiple")]
    [InlineData("""{"filters":[{"not":{"cesql":"type = "}}]}""", FilterReader.Invalid, "not.cesql: at character 8")]
    [InlineData("""{"filters":[{"cesql":7}]}""", FilterReader.Invalid, "filters[0].cesql")]
    [InlineData("""{"filter":{"attributes":{"123":"a"}}}""", FilterReader.Invalid, "'123'")]
    public void Read_WrongFilter_SaysWhatAndWhere(string spec, string reason, string message)
    {
        var read = FilterReader.Read(JsonNode.Parse(spec));
        Assert.Equal(reason, read.Reason);
        Assert.Contains(message, read.Message);
    }

    [Fact]
    public void Read_TooDeep_IsRefused()
    {
        var spec = """{"exact":{"type":"a"}}""";
        for (var level = 0; level < 40; level++)
        {
            spec = $$"""{"not":{{spec}}}""";
        }

        Assert.Equal(FilterReader.Invalid, FilterReader.Read(JsonNode.Parse($$"""{"filters":[{{spec}}]}""")).Reason);
    }
}
