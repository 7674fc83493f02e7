// Tests of the gate that keeps one subscriber from taking everybody's place.
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Functions.Delivery;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class EgressGateTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Enter_FreePermits_IsIn()
    {
        var gate = new EgressGate(2, 0, time);
        Assert.True(gate.Idle);
        Assert.Null(await gate.EnterAsync(CancellationToken.None));
        Assert.Null(await gate.EnterAsync(CancellationToken.None));
        Assert.False(gate.Idle);
    }

    [Fact]
    public async Task Enter_NobodyLeaves_SlotsSpreadAndStayBounded()
    {
        var gate = new EgressGate(2, 0, time);
        await gate.EnterAsync(CancellationToken.None);
        await gate.EnterAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(60));

        var slots = new List<TimeSpan>();
        for (var i = 0; i < 100; i++)
        {
            slots.Add((await gate.EnterAsync(CancellationToken.None))!.Value);
        }

        // Two permits held for a minute: one message every 30 s.
        Assert.Equal(32, slots[0].TotalSeconds, 1);
        Assert.Equal(62, slots[1].TotalSeconds, 1);
        Assert.All(slots, slot => Assert.True(slot <= TimeSpan.FromMinutes(15)));
    }

    [Fact]
    public async Task Enter_SomebodyLeavesSoon_WaitsForThePermit()
    {
        var gate = new EgressGate(1, 3, time);
        var entered = time.GetTimestamp();
        Assert.Null(await gate.EnterAsync(CancellationToken.None));
        var second = gate.EnterAsync(CancellationToken.None);
        Assert.False(second.IsCompleted);
        gate.Leave(entered);
        Assert.Null(await second);
    }

    [Fact]
    public async Task Enter_OtherEgressIsFull_IsIn()
    {
        var gates = new EgressGates(8, time);
        Assert.Null(await gates.Of("hung").EnterAsync(CancellationToken.None));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.NotNull(await gates.Of("hung").EnterAsync(CancellationToken.None));
        Assert.Null(await gates.Of("good").EnterAsync(CancellationToken.None));
    }
}
