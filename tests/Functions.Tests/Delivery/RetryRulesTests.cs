// Tables of what is tried again and how long the waits are.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class RetryRulesTests
{
    [Theory]
    [InlineData(100, false)]
    [InlineData(102, false)]
    [InlineData(200, false)]
    [InlineData(202, false)]
    [InlineData(300, false)]
    [InlineData(301, false)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(404, true)]
    [InlineData(408, true)]
    [InlineData(409, true)]
    [InlineData(410, false)]
    [InlineData(422, false)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(501, true)]
    [InlineData(503, true)]
    public void IsRetryable_Status_AsKnativesTableSays(int status, bool retryable) =>
        Assert.Equal(retryable, RetryRules.IsRetryable(status));

    [Theory]
    [InlineData(BackoffPolicy.Exponential, 0, 0.2)]
    [InlineData(BackoffPolicy.Exponential, 1, 0.4)]
    [InlineData(BackoffPolicy.Exponential, 2, 0.8)]
    [InlineData(BackoffPolicy.Exponential, 9, 102.4)]
    [InlineData(BackoffPolicy.Linear, 0, 0)]
    [InlineData(BackoffPolicy.Linear, 1, 0.2)]
    [InlineData(BackoffPolicy.Linear, 5, 1.0)]
    public void Wait_Policy_GrowsAsKnativesCodeDoes(BackoffPolicy policy, int retry, double seconds)
    {
        var delivery = new Contract.Routing.Delivery
        {
            BackoffPolicy = policy,
            BackoffDelay = TimeSpan.FromSeconds(0.2),
        };
        Assert.Equal(seconds, RetryRules.Wait(delivery, retry, null).TotalSeconds, 6);
    }

    [Fact]
    public void Wait_VeryManyRetries_StaysBounded() => Assert.Equal(
        RetryRules.LongestWait,
        RetryRules.Wait(new() { BackoffDelay = TimeSpan.FromHours(1) }, int.MaxValue, null));

    [Fact]
    public void Wait_NoDelay_IsZero() => Assert.Equal(TimeSpan.Zero, RetryRules.Wait(new(), 7, null));

    [Theory]
    [InlineData(10, 30, 10)]
    [InlineData(60, 30, 30)]
    [InlineData(0, 30, 1)]
    [InlineData(10, 0, 1)]
    [InlineData(-5, 30, 1)]
    public void Wait_RetryAfter_LargerOfBackoffAndWhatIsGranted(int asked, int max, int seconds)
    {
        var delivery = new Contract.Routing.Delivery
        {
            BackoffDelay = TimeSpan.FromSeconds(1),
            RetryAfterMax = TimeSpan.FromSeconds(max),
        };
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryRules.Wait(delivery, 0, TimeSpan.FromSeconds(asked)));
    }

    [Fact]
    public void Wait_RetryAfterWithoutMax_IsNotLookedAt() => Assert.Equal(
        TimeSpan.FromSeconds(1),
        RetryRules.Wait(new() { BackoffDelay = TimeSpan.FromSeconds(1) }, 0, TimeSpan.FromHours(1)));
}
