// DeliverySpec: reading, checking, inheriting.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Tests.Resources;

public sealed class DeliverySpecTests
{
    [Fact]
    public void Read_AllFields_AreThere()
    {
        var read = Read("""
            {"retry":3,"backoffPolicy":"linear","backoffDelay":"PT0.2S","timeout":"PT5S",
             "retryAfterMax":"PT0S","format":"json"}
            """, out var problem);
        Assert.Null(problem);
        Assert.Equal(3, read!.Resolved.Retry);
        Assert.Equal(BackoffPolicy.Linear, read.Resolved.BackoffPolicy);
        Assert.Equal(TimeSpan.FromMilliseconds(200), read.Resolved.BackoffDelay);
        Assert.Equal(TimeSpan.FromSeconds(5), read.Resolved.Timeout);
        Assert.Equal(TimeSpan.Zero, read.Resolved.RetryAfterMax);
        Assert.Equal(EventFormat.Json, read.Resolved.Format);
    }

    [Theory]
    [InlineData("""{"retry":-1}""", "delivery.retry")]
    [InlineData("""{"backoffDelay":"2s"}""", "delivery.backoffDelay is '2s'")]
    [InlineData("""{"backoffDelay":"-PT1S"}""", "delivery.backoffDelay")]
    [InlineData("""{"backoffPolicy":"random"}""", "delivery.backoffPolicy")]
    [InlineData("""{"format":"xml"}""", "delivery.format")]
    public void Read_WrongField_SaysWhich(string json, string expected)
    {
        Read(json, out var problem);
        Assert.Contains(expected, problem);
    }

    [Fact]
    public void Inherit_NoneOfItsOwn_ParentsWhole()
    {
        var parent = Read("""{"retry":7,"deadLetterSink":{"uri":"http://sink"}}""", out _);
        Assert.Equal(parent, DeliverySpec.Inherit(null, parent));
    }

    [Fact]
    public void Inherit_OwnRetryOnly_ParentsSinkStillCounts()
    {
        var parent = Read("""{"retry":7,"deadLetterSink":{"uri":"http://sink"}}""", out _);
        var child = DeliverySpec.Inherit(Read("""{"retry":1}""", out _), parent);
        Assert.Equal(1, child.Resolved.Retry);
        Assert.Equal("http://sink", child.DeadLetterSink.Text("uri"));
    }

    [Fact]
    public void Inherit_OwnSinkOnly_OneTryAsKnativeDoes()
    {
        var child = DeliverySpec.Inherit(
            Read("""{"deadLetterSink":{"uri":"http://own"}}""", out _), DeliverySpec.BrokerDefault);
        Assert.Equal(0, child.Resolved.Retry);
        Assert.Equal("http://own", child.DeadLetterSink.Text("uri"));
    }

    [Fact]
    public void Inherit_NothingAnywhere_BrokersDefault() =>
        Assert.Equal(10, DeliverySpec.Inherit(null, DeliverySpec.BrokerDefault).Resolved.Retry);

    private static DeliverySpec? Read(string json, out string? problem) =>
        DeliverySpec.Read(JsonNode.Parse(json), out problem);
}
