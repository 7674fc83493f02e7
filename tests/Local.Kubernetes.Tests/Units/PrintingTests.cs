// Ages, JSONPath and version order.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Printing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Units;

public sealed class PrintingTests
{
    [Theory]
    [InlineData(-10, "<invalid>")]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(310, "5m10s")]
    [InlineData(600, "10m")]
    [InlineData(3 * 3600, "3h")]
    [InlineData((3 * 3600) + 300, "3h5m")]
    [InlineData(20 * 3600, "20h")]
    [InlineData(50 * 3600, "2d2h")]
    [InlineData(30 * 86400, "30d")]
    [InlineData(800 * 86400, "2y70d")]
    public void Age_IsShownAsKubectlDoes(int seconds, string expected) =>
        Assert.Equal(expected, Age.Of(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(".status.url", "http://x")]
    [InlineData("{.status.url}", "http://x")]
    [InlineData(""".status.conditions[?(@.type=="Ready")].status""", "True")]
    [InlineData(""".status.conditions[?(@.type=='Other')].status""", "False")]
    [InlineData(@".metadata.annotations.eventing\.knative\.dev/broker\.class", "fast")]
    [InlineData(".metadata.annotations['eventing.knative.dev/broker.class']", "fast")]
    [InlineData(".list[0].name", "first")]
    [InlineData(".list[-1].name", "second")]
    [InlineData(".list[*].name", "first")]
    [InlineData(".nothing.here", null)]
    [InlineData(".list[", null)]
    public void JsonPath_FindsWhatPrinterColumnsNeed(string path, string? expected)
    {
        var body = JsonNode.Parse("""
            {"metadata":{"annotations":{"eventing.knative.dev/broker.class":"fast"}},
             "status":{"url":"http://x","conditions":[{"type":"Ready","status":"True"},
              {"type":"Other","status":"False"}]},
             "list":[{"name":"first"},{"name":"second"}]}
            """)!;
        Assert.Equal(expected, JsonPath.Parse(path).First(body)?.GetValue<string>());
    }

    [Fact]
    public void Versions_StableFirstThenBetaThenAlpha()
    {
        string[] versions = ["v1alpha1", "v1", "v2beta1", "v2", "v10", "v1beta2", "other"];
        Assert.Equal(["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "other"],
            versions.OrderByDescending(VersionRank.Of));
    }
}
