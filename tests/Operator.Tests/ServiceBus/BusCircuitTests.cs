// The breaker in front of the bus.
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Tests.ServiceBus;

public sealed class BusCircuitTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Circuit_AfterAFailure_IsClosedToEveryoneUntilItsTime()
    {
        var circuit = new BusCircuit(_time);
        Assert.Null(circuit.Check());
        circuit.Failed("connection refused");
        Assert.Equal(BusResult.Unreachable, circuit.Check()!.Value.Result);
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Null(circuit.Check());
    }

    [Fact]
    public void Circuit_HalfOpen_LetsOneAskAndTheOthersWait()
    {
        var circuit = new BusCircuit(_time);
        circuit.Failed("connection refused");
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Null(circuit.Check());
        Assert.NotNull(circuit.Check());
        circuit.Succeeded();
        Assert.Null(circuit.Check());
    }

    [Fact]
    public void Circuit_CallsUnderWayFailToo_DoesNotWaitLonger()
    {
        var circuit = new BusCircuit(_time);
        Assert.All(Enumerable.Range(0, 8), _ => Assert.Equal(TimeSpan.FromSeconds(1), circuit.Failed("busy")));
    }

    [Fact]
    public void Circuit_FailureAfterFailure_WaitsLongerUpToHalfAMinute()
    {
        var circuit = new BusCircuit(_time);
        var waits = new List<TimeSpan>();
        for (var n = 0; n < 8; n++)
        {
            Assert.Null(circuit.Check());
            waits.Add(circuit.Failed("busy"));
            _time.Advance(waits[^1]);
        }

        Assert.Equal(TimeSpan.FromSeconds(1), waits[0]);
        Assert.Equal(TimeSpan.FromSeconds(2), waits[1]);
        Assert.Equal(TimeSpan.FromSeconds(30), waits[^1]);
    }
}
