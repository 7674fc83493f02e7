// Tests of attribute names, of which those that are met often exist once.
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed class AttributeNameTests
{
    [Theory]
    [InlineData("id")]
    [InlineData("comexampleorder")]
    public void Parse_AndParseHeader_InAnyLetterCase_AreTheSameName(string text)
    {
        var name = AttributeName.Parse(text);
        Assert.NotNull(name);
        Assert.Equal(text, AttributeName.ParseHeader(text.ToUpperInvariant())?.Text);
        Assert.Equal(text, name.Text);
        Assert.Equal("ce-" + text, name.Header);
        Assert.Equal("cloudEvents_" + text, name.Property);
    }

    [Fact]
    public void Parse_MoreNamesThanAreKept_AreReadAllTheSame()
    {
        for (var i = 0; i < 5000; i++)
        {
            Assert.Equal($"name{i}", AttributeName.Parse($"name{i}")?.Text);
        }
    }
}
