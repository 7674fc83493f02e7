// Tests of the gate that keeps one subscriber from taking everybody's place.
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class EgressGateTests
{
    private static readonly DeliveryOutcome Silence = new()
    {
        Kind = OutcomeKind.Retryable,
        Status = 500,
        IsSilence = true,
    };

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Enter_FreePlaces_IsIn()
    {
        var gate = new EgressGate(2, time);
        Assert.True(gate.Idle);
        await FillAsync(gate, 2);
        Assert.False(gate.Idle);
    }

    [Fact]
    public async Task Enter_NobodyLeaves_SlotsSpreadAndStayBounded()
    {
        var gate = new EgressGate(2, time);
        await FillAsync(gate, 2);
        time.Advance(TimeSpan.FromSeconds(60));

        var slots = new List<TimeSpan>();
        for (var i = 0; i < 100; i++)
        {
            slots.Add((await EnterAsync(gate))!.Value);
        }

        // Two places held for a minute: one message every 30 s.
        Assert.Equal(32, slots[0].TotalSeconds, 1);
        Assert.Equal(62, slots[1].TotalSeconds, 1);
        Assert.All(slots, slot => Assert.True(slot <= TimeSpan.FromMinutes(15)));
    }

    [Fact]
    public async Task Enter_SentAwayBefore_ComesBackSixteenTimesLaterEachTime()
    {
        var gate = new EgressGate(1, time);
        await FillAsync(gate, 1);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(5, (await EnterAsync(gate))!.Value.TotalSeconds, 1);
        Assert.Equal(32, (await EnterAsync(gate, moves: 1))!.Value.TotalSeconds, 1);
        Assert.Equal(512, (await EnterAsync(gate, moves: 2))!.Value.TotalSeconds, 1);
        Assert.Equal(TimeSpan.FromMinutes(15), (await EnterAsync(gate, moves: 3))!.Value);
    }

    [Fact]
    public async Task Enter_SomebodyLeavesSoon_WaitsAndWhoWasMovedIsFirst()
    {
        var gate = new EgressGate(1, time);
        var entered = time.GetTimestamp();
        await FillAsync(gate, 1);
        var second = EnterAsync(gate);
        var moved = EnterAsync(gate, moves: 1);
        Assert.False(second.IsCompleted || moved.IsCompleted);
        gate.Leave(entered);
        Assert.Null(await moved);
        Assert.False(second.IsCompleted);
        gate.Leave(entered);
        Assert.Null(await second);
    }

    [Fact]
    public async Task Enter_NobodyLeavesWhileItWaits_GetsASlotAndItsPlaceIsNotLost()
    {
        var gate = new EgressGate(1, time);
        var entered = time.GetTimestamp();
        await FillAsync(gate, 1);
        var second = EnterAsync(gate);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.NotNull(await second);
        gate.Leave(entered);
        Assert.True(gate.Idle);
        Assert.Null(await EnterAsync(gate));
    }

    [Fact]
    public async Task Enter_BurstAtAQuickSubscriber_WaitsHereAndOnlyShortlyWhereManyAreAhead()
    {
        const int Places = 32;
        var gate = new EgressGate(Places, time);
        while (gate.Limit < Places)
        {
            await AnswerAsync(gate, gate.Limit, TimeSpan.FromMilliseconds(1));
        }

        var entered = time.GetTimestamp();
        await FillAsync(gate, Places);
        var burst = Enumerable.Range(0, 200).Select(_ => EnterAsync(gate)).ToList();
        Assert.All(burst, turn => Assert.False(turn.IsCompleted));
        gate.Leave(entered);
        Assert.Null(await burst[0]);

        // It answers no more: three for each place are left to wait on, the calls of the rest are free for others.
        time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.All(burst[1..(3 * Places)], turn => Assert.False(turn.IsCompleted));
        Assert.DoesNotContain(null, await Task.WhenAll(burst[(3 * Places)..]));
        time.Advance(TimeSpan.FromMilliseconds(1750));
        Assert.DoesNotContain(null, await Task.WhenAll(burst[1..(3 * Places)]));
    }

    [Fact]
    public async Task Enter_Cancelled_Throws()
    {
        var gate = new EgressGate(1, time);
        await FillAsync(gate, 1);
        using var cancel = new CancellationTokenSource();
        var second = gate.EnterAsync(0, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => second);
    }

    [Fact]
    public async Task Limit_GrowsWithAnswersAndFallsWithRefusals()
    {
        var gate = new EgressGate(32, time);
        Assert.Equal(4, gate.Limit);
        while (gate.Limit < 32)
        {
            var limit = gate.Limit;
            await AnswerAsync(gate, limit, TimeSpan.Zero);
            Assert.True(gate.Limit > limit);
        }

        gate.Tried(new() { Kind = OutcomeKind.Retryable, Status = 503 });
        Assert.Equal(16, gate.Limit);
        gate.Tried(Silence);
        Assert.Equal(4, gate.Limit);
    }

    [Fact]
    public async Task Breaker_FourTriesWithoutAnAnswer_IsOpenForAsLongAsTheyTook()
    {
        var gate = new EgressGate(32, time);
        var entered = time.GetTimestamp();
        await FillAsync(gate, 4);
        time.Advance(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 4; i++)
        {
            gate.Tried(Silence);
        }

        for (var i = 0; i < 4; i++)
        {
            gate.Leave(entered);
        }

        Assert.NotNull(await EnterAsync(gate));
        time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Null(await EnterAsync(gate));
    }

    [Fact]
    public async Task Gates_OtherEgressIsFull_IsIn()
    {
        var gates = new EgressGates(8, time);
        Assert.Null(await EnterAsync(gates.Of(Egress("hung"))));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.NotNull(await EnterAsync(gates.Of(Egress("hung"))));
        Assert.Null(await EnterAsync(gates.Of(Egress("good"))));
    }

    [Theory]
    [InlineData(null, 4)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(1000, 4)]
    public void Gates_Parallelism_IsTheMostButNeverMoreThanTheShare(int? parallelism, int expected)
    {
        var gates = new EgressGates(256, time);
        Assert.Equal(32, gates.Share);
        Assert.Equal(expected, gates.Of(Egress("e", parallelism)).Limit);
    }

    private async Task AnswerAsync(EgressGate gate, int count, TimeSpan each)
    {
        var entered = time.GetTimestamp();
        await FillAsync(gate, count);
        time.Advance(each);
        for (var i = 0; i < count; i++)
        {
            gate.Tried(DeliveryOutcome.Taken);
            gate.Leave(entered);
        }
    }

    private static async Task FillAsync(EgressGate gate, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Null(await EnterAsync(gate));
        }
    }

    private static Task<TimeSpan?> EnterAsync(EgressGate gate, int moves = 0) =>
        gate.EnterAsync(moves, CancellationToken.None).AsTask();

    private static Egress Egress(string uid, int? parallelism = null) => new()
    {
        Uid = uid,
        Kind = EgressKind.Trigger,
        Namespace = "ns",
        Name = uid,
        Lane = "lane",
        Parallelism = parallelism,
    };
}
