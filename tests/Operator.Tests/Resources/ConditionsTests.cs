// Knative's happy semantics.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Tests.Resources;

public sealed class ConditionsTests
{
    private static readonly ConditionSet Set = new("A", "B");
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Ready_NothingMarked_IsUnknown() => Assert.Equal(ConditionStatus.Unknown, Ready(_ => { }).Status);

    [Fact]
    public void Ready_OneDependentMissing_IsUnknown() =>
        Assert.Equal(ConditionStatus.Unknown, Ready(c => c.MarkTrue("A")).Status);

    [Fact]
    public void Ready_AllDependentsTrue_IsTrueWithoutReason()
    {
        var ready = Ready(c =>
        {
            c.MarkTrue("A");
            c.MarkTrue("B", "NotConfigured", "said on B only");
        });
        Assert.Equal(new Condition("Ready", ConditionStatus.True), ready);
    }

    [Fact]
    public void Ready_FalseAndUnknown_FalseWinsWithItsReason()
    {
        var ready = Ready(c =>
        {
            c.MarkUnknown("A", "Waiting", "for it");
            c.MarkFalse("B", "Broken", "mend it");
        });
        Assert.Equal(new Condition("Ready", ConditionStatus.False, "Broken", "mend it"), ready);
    }

    [Fact]
    public void Ready_TwoFalse_TheLastToTurnSpeaks()
    {
        var first = new Conditions(Set, null, Start);
        first.MarkFalse("A", "First", "");
        var second = new Conditions(Set, Status(first), Start.AddMinutes(1));
        second.MarkFalse("A", "First", "");
        second.MarkFalse("B", "Second", "");
        Assert.Equal("Second", second["Ready"]!.Reason);
    }

    [Fact]
    public void Ready_ConditionOutsideTheSet_DoesNotCountAndIsInfo()
    {
        var conditions = new Conditions(Set, null, Start);
        conditions.MarkTrue("A");
        conditions.MarkTrue("B");
        conditions.MarkFalse("Aside", "Slow", "but in force");
        Assert.True(conditions.IsReady);
        var aside = conditions.ToJson().Single(item => item.Text("type") == "Aside");
        Assert.Equal("Info", aside.Text("severity"));
    }

    [Fact]
    public void Time_StatusUnchanged_StaysAndMovesOtherwise()
    {
        var first = new Conditions(Set, null, Start);
        first.MarkTrue("A");
        first.MarkTrue("B");
        var second = new Conditions(Set, Status(first), Start.AddMinutes(5));
        second.MarkTrue("A", "Another", "reason alone is no transition");
        second.MarkFalse("B", "Broken", "");
        var times = second.ToJson().ToDictionary(item => item.Text("type")!, item => item.Text("lastTransitionTime"));
        Assert.Equal("2030-01-01T00:00:00Z", times["A"]);
        Assert.Equal("2030-01-01T00:05:00Z", times["B"]);
        Assert.Equal("2030-01-01T00:05:00Z", times["Ready"]);
    }

    [Fact]
    public void Json_SameMarksAgain_IsEqual()
    {
        var first = new Conditions(Set, null, Start);
        first.MarkTrue("A");
        first.MarkFalse("B", "Broken", "mend it");
        var status = Status(first);
        var second = new Conditions(Set, status, Start.AddHours(1));
        second.MarkTrue("A");
        second.MarkFalse("B", "Broken", "mend it");
        Assert.True(JsonNode.DeepEquals(status["conditions"], second.ToJson()));
    }

    private static Condition Ready(Action<Conditions> mark)
    {
        var conditions = new Conditions(Set, null, Start);
        mark(conditions);
        return conditions["Ready"]!;
    }

    private static JsonObject Status(Conditions conditions) => new() { ["conditions"] = conditions.ToJson() };
}
