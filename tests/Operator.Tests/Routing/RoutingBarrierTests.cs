// When a generation counts as loaded.
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;

namespace ServerlessEventing.Operator.Tests.Routing;

public sealed class RoutingBarrierTests
{
    private static readonly ObjectRef Who = new(new GroupKind("g", "K"), "ns", "a");
    private readonly FakeTimeProvider _time = new();
    private readonly RoutingBarrier _barrier;
    private readonly List<ObjectRef> _woken = [];

    public RoutingBarrierTests()
    {
        _barrier = new RoutingBarrier(_time);
        _barrier.Wake += _woken.Add;
    }

    [Fact]
    public void Reach_NotPublished_IsPending() => Assert.Equal(RoutingReach.Pending, _barrier.Reach(5, Who));

    [Fact]
    public void Reach_PublishedWithNoInstance_IsLoaded()
    {
        _barrier.Reach(5, Who);
        _barrier.Published(5);
        Assert.Equal(RoutingReach.Loaded, _barrier.Reach(5, Who));
        Assert.Equal([Who], _woken);
    }

    [Fact]
    public void Reach_OneOfTwoInstancesBehind_IsOnlyPublishedUntilItHasLoaded()
    {
        _barrier.PollBegins("one", 4);
        _barrier.PollBegins("two", 4);
        _barrier.Published(5);
        Poll("one", 5);
        Assert.Equal(RoutingReach.Published, _barrier.Reach(5, Who));
        Poll("two", 5);
        Assert.Equal([Who], _woken);
        Assert.Equal(RoutingReach.Loaded, _barrier.Reach(5, Who));
    }

    [Fact]
    public void Reach_InstanceThatWentAway_StopsCountingAfterTheGrace()
    {
        _barrier.PollBegins("one", 4);
        _barrier.Published(5);
        _barrier.PollEnds("one");
        Assert.Equal(RoutingReach.Published, _barrier.Reach(5, Who));
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(RoutingReach.Loaded, _barrier.Reach(5, Who));
    }

    [Fact]
    public void Reach_InstanceThatHasLoadedNothingYet_DoesNotCount()
    {
        _barrier.Published(5);
        _barrier.PollBegins("new", 0);
        Assert.Equal(RoutingReach.Loaded, _barrier.Reach(5, Who));
    }

    private void Poll(string instance, long loaded)
    {
        _barrier.PollEnds(instance);
        _barrier.PollBegins(instance, loaded);
    }
}
