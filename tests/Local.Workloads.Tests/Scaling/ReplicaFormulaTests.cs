// The numbers of KEDA's and the horizontal autoscaler's documentation.
using ServerlessEventing.Local.Workloads.Scaling;

namespace ServerlessEventing.Local.Workloads.Tests.Scaling;

public sealed class ReplicaFormulaTests
{
    [Theory]
    // Nothing waits: gone after the cooldown, not before, and never below min.
    [InlineData(3, 0, 0, false, 0, 3)]
    [InlineData(3, 0, 0, true, 0, 0)]
    [InlineData(3, 0, 0, true, 1, 3)]
    [InlineData(0, 0, 0, true, 2, 2)]
    // Active is above the activation threshold, not at it.
    [InlineData(0, 5, 5, true, 0, 0)]
    [InlineData(0, 6, 5, true, 0, 1)]
    [InlineData(0, 6, 5, true, 2, 2)]
    [InlineData(4, 6, 5, true, 0, 4)]
    public void Keda_DecidesWhetherThereAreAny(
        int current, double value, double activation, bool isCooled, int min, int expected) =>
        Assert.Equal(expected, ReplicaFormula.Activated(
            current, [new ScalerAnswer { Value = value, Activation = activation }], isCooled, min));

    [Theory]
    [InlineData(1, 201, 100, 3)]
    [InlineData(3, 100, 100, 1)]
    [InlineData(2, 0, 100, 1)]
    // A tenth more or less is no reason.
    [InlineData(2, 219, 100, 2)]
    [InlineData(2, 221, 100, 3)]
    [InlineData(2, 181, 100, 2)]
    // Twice as many at once, or four more.
    [InlineData(1, 10_000, 100, 5)]
    [InlineData(6, 10_000, 100, 10)]
    public void Autoscaler_TakesTheCeilingOfValueByTarget(int current, double value, double target, int expected) =>
        Assert.Equal(expected, ReplicaFormula.Recommended(
            current, [new ScalerAnswer { Value = value, Target = target }], min: 0, max: 10));

    [Fact]
    public void SeveralTriggers_TheOneThatAsksForMostCounts() =>
        Assert.Equal(4, ReplicaFormula.Recommended(
            2,
            [
                new ScalerAnswer { Value = 10, Target = 100 },
                new ScalerAnswer { Value = 400, Target = 100 },
                new ScalerAnswer { Value = 150, Target = 100 },
            ],
            min: 0,
            max: 10));

    [Fact]
    public void CountMissing_TakesNothingAway()
    {
        ScalerAnswer[] answers = [new ScalerAnswer { Value = 0 }, new ScalerAnswer { Problem = "throttled" }];
        Assert.Equal(3, ReplicaFormula.Activated(3, answers, isCooled: true, min: 0));
        Assert.Equal(3, ReplicaFormula.Recommended(3, answers, min: 0, max: 10));
        // But what is known still adds.
        answers[0] = new ScalerAnswer { Value = 5 };
        Assert.Equal(1, ReplicaFormula.Activated(0, answers, isCooled: true, min: 0));
        Assert.Equal(5, ReplicaFormula.Recommended(3, answers, min: 0, max: 10));
    }
}
