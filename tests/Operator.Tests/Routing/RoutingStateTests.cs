// Generations: what counts as a change, and what a restart keeps.
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Routing;

namespace ServerlessEventing.Operator.Tests.Routing;

public sealed class RoutingStateTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RoutingState _state;

    public RoutingStateTests() => _state = new RoutingState(_time);

    [Fact]
    public void Put_EqualAgain_KeepsItsGenerationAndChangesNothing()
    {
        var mark = _state.Put(Egress("a", "x"));
        Assert.Equal(mark.Generation, _state.Take().Generation);
        Assert.Equal(mark, _state.Put(Egress("a", "x")));
        Assert.False(_state.WhenChanged().IsCompleted);
    }

    [Fact]
    public void Put_Changed_BelongsToTheNextGeneration()
    {
        _state.Put(Egress("a", "x"));
        var first = _state.Take();
        var mark = _state.Put(Egress("a", "y"));
        Assert.True(_state.WhenChanged().IsCompleted);
        Assert.Equal(first.Generation + 1, mark.Generation);
        Assert.Equal(mark.Generation, _state.Take().Generation);
    }

    [Fact]
    public void Load_ATableFromBefore_GoesOnAboveIt()
    {
        _state.Load(new RoutingTable { Generation = 41, Egresses = [Egress("a", "x")] });
        var snapshot = _state.Take();
        Assert.Equal(42, snapshot.Generation);
        Assert.Single(Unpacked(snapshot).Egresses);
        Assert.Equal(41, _state.Put(Egress("a", "x")).Generation);
    }

    [Fact]
    public void Drain_AnEgress_StaysDrainingForItsPeriodThenGoes()
    {
        _state.Put(Egress("a", "x"));
        _state.Drain(egress => egress.Uid == "a");
        Assert.Equal(EgressState.Draining, Assert.Single(Table().Egresses).State);
        Assert.Null(_state.MarkOf("a"));
        _state.RemoveDrained(TimeSpan.FromMinutes(5));
        Assert.Single(Table().Egresses);
        _time.Advance(TimeSpan.FromMinutes(6));
        _state.RemoveDrained(TimeSpan.FromMinutes(5));
        Assert.Empty(Table().Egresses);
    }

    [Fact]
    public void Drain_AnUnresolvedEgress_Drains()
    {
        _state.Put(Egress("a", "x") with { State = EgressState.Unresolved });
        Assert.Null(_state.MarkOf("a"));
        _state.Drain(egress => egress.Uid == "a");
        Assert.Equal(EgressState.Draining, Assert.Single(Table().Egresses).State);
    }

    [Fact]
    public void Remove_AnIngress_AnswersWithTheGenerationWithoutIt()
    {
        _state.Put(new Ingress
        {
            Uid = "b", Kind = IngressKind.Broker, Namespace = "ns", Name = "b", Path = "/ns/b", Topic = "t",
        });
        _state.Take();
        var mark = _state.Remove(ingress => ingress.Topic == "t");
        Assert.Equal(mark.Generation, _state.Take().Generation);
        Assert.Equal(mark, _state.Remove(ingress => ingress.Topic == "t"));
    }

    private RoutingTable Table() => Unpacked(_state.Take());

    private static RoutingTable Unpacked(RoutingSnapshot snapshot)
    {
        using var document = new MemoryStream();
        using (var unpacked = snapshot.Open())
        {
            unpacked.CopyTo(document);
        }

        Assert.Equal(snapshot.Length, document.Length);
        return RoutingTableJson.Deserialize(document.ToArray());
    }

    private static Egress Egress(string uid, string type) => new()
    {
        Uid = uid,
        Kind = EgressKind.Trigger,
        Namespace = "ns",
        Name = uid,
        Lane = "lane",
        Filters = [new FilterExpression { Exact = new Dictionary<string, string> { ["type"] = type } }],
    };
}
