// The JSON batch format: what is taken, and how what is not is named.
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents.SystemTextJson;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.CloudEvents;

public sealed class BatchJsonTests
{
    private const string Event = """{"specversion":"1.0","id":"1","type":"t","source":"/s","data":[1,{"a":"]"}]}""";
    private const string Older = """{"specversion":"0.3","id":"1","type":"t","source":"/s"}""";

    public static TheoryData<string, string> Valid => Cases("valid-batches.json");

    public static TheoryData<string, string> Invalid => Cases("invalid-batches.json");

    [Theory]
    [MemberData(nameof(Valid))]
    public void Read_ValidCase_AgreesWithSdk(string id, string json)
    {
        var (events, faults) = Read(json);
        Assert.Empty(faults);
        var theirs = new JsonEventFormatter().DecodeBatchModeMessage(
            Encoding.UTF8.GetBytes(json), new("application/cloudevents-batch+json"), null);
        Assert.True(theirs.Select(e => e.Id).SequenceEqual(events.Select(e => e[AttributeName.Id])), id);
        foreach (var (ours, sdk) in events.Zip(theirs))
        {
            Assert.Equal(
                sdk.GetPopulatedAttributes().Select(pair => (pair.Key.Name, pair.Key.Format(pair.Value)))
                    .Append(("specversion", "1.0")).Order(),
                ours.Attributes.ToArray().Select(a => (a.Name.Text, a.Text)).Order());
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Read_InvalidCase_IsRefused(string id, string json)
    {
        var (_, faults) = Read(json);
        Assert.True(faults.Count > 0, id);
    }

    [Theory]
    [InlineData("[]", 0)]
    [InlineData(" [ ] ", 0)]
    [InlineData($"[{Event}]", 1)]
    [InlineData($"[{Event}, {Event}\n,{Event}]", 3)]
    [InlineData($"[{Older}]", 1)]
    public void Read_Batch_GivesEveryEvent(string json, int count)
    {
        var (events, faults) = Read(json);
        Assert.Empty(faults);
        Assert.Equal(count, events.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData($"[{Event}")]
    [InlineData($"[{Event}] {Event}")]
    [InlineData($"[{Event},]")]
    public void Read_NoArray_IsOneFaultOfAll(string json)
    {
        var (_, faults) = Read(json);
        Assert.Null(Assert.Single(faults).Index);
    }

    [Fact]
    public void Read_BadElements_AreNamedByIndex()
    {
        var (_, faults) = Read($"[1, {Event}, null, {Older}, [], {Event}]");
        Assert.Equal([0, 2, 3, 4], faults.Select(fault => fault.Index!.Value));
        Assert.Equal("specversion", faults[2].Attribute);
    }

    [Fact]
    public void Read_MoreThanTheBusTakesTogether_IsRefused()
    {
        var (_, faults) = Read($"[{string.Join(',', Enumerable.Repeat("{}", BatchJson.MaxEvents + 1))}]");
        Assert.Contains("in parts", Assert.Single(faults).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NothingButFaults_TellsTheFirstOnes()
    {
        var (_, faults) = Read($"[{string.Join(',', Enumerable.Repeat("{}", 1000))}]");
        Assert.Equal(20, faults.Count);
    }

    private static TheoryData<string, string> Cases(string file)
    {
        var data = new TheoryData<string, string>();
        using var document = JsonDocument.Parse(File.ReadAllBytes(Conformance.File("cloudevents-json", file)));
        foreach (var test in document.RootElement.GetProperty("tests").EnumerateArray())
        {
            data.Add(test.GetProperty("id").GetString()!, test.GetProperty("batch").GetRawText());
        }

        return data;
    }

    private static (IReadOnlyList<CloudEvent> Events, IReadOnlyList<EventFault> Faults) Read(string json) =>
        BatchJson.Read(Encoding.UTF8.GetBytes(json));
}
