// The work queue's promises, on a clock of the test's own.
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator.Tests.Controllers;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly ResourceKey A = new("ns", "a");
    private static readonly ResourceKey B = new("ns", "b");
    private readonly FakeTimeProvider _time = new();
    private readonly OperatorMetrics _metrics = new();
    private readonly WorkQueue _queue;

    public WorkQueueTests() => _queue = new WorkQueue("things.example", _time, _metrics);

    public void Dispose()
    {
        _queue.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Add_TheSameKeyTwice_IsTakenOnce()
    {
        _queue.Add(A);
        _queue.Add(A);
        _queue.Add(B);
        Assert.Equal(A, await Take());
        Assert.Equal(B, await Take());
        Assert.Equal(0, _queue.State.Depth);
    }

    [Fact]
    public async Task Add_WhileItIsWorkedOn_ComesAgainOnlyAfterDone()
    {
        _queue.Add(A);
        var key = await Take();
        _queue.Add(A);
        _queue.Add(A);
        Assert.Equal(0, _queue.State.Depth);
        _queue.Done(key);
        Assert.Equal(1, _queue.State.Depth);
        Assert.Equal(A, await Take());
    }

    [Fact]
    public async Task AddAfter_BeforeItsTime_IsNotThere()
    {
        _queue.AddAfter(A, TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, _queue.State.Depth);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(A, await Take());
    }

    [Fact]
    public void AddAfter_AnEarlierTime_ReplacesTheLater()
    {
        _queue.AddAfter(A, TimeSpan.FromMinutes(10));
        _queue.AddAfter(A, TimeSpan.FromSeconds(1));
        _queue.AddAfter(A, TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, _queue.State.Depth);
    }

    [Fact]
    public async Task Add_AKeyThatWaits_ComesAtOnceAndOnce()
    {
        _queue.AddAfter(A, TimeSpan.FromMinutes(1));
        _queue.Add(A);
        _queue.Done(await Take());
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, _queue.State.Depth);
    }

    [Fact]
    public async Task Retry_AgainAndAgain_WaitsLongerAndForgetStartsOver()
    {
        Assert.True(await WaitOfRetry() < TimeSpan.FromMilliseconds(100));
        for (var failure = 0; failure < 6; failure++)
        {
            await WaitOfRetry();
        }

        Assert.True(await WaitOfRetry() > TimeSpan.FromSeconds(3));
        _queue.Forget(A);
        Assert.True(await WaitOfRetry() < TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Retry_ForEver_NeverWaitsLongerThanTheCap()
    {
        for (var failure = 0; failure < 30; failure++)
        {
            Assert.True(await WaitOfRetry() < TimeSpan.FromMinutes(2.5));
        }
    }

    [Fact]
    public async Task State_WhileKeysAreWorkedOn_SumsTheirTimesAndHasTheLongest()
    {
        _queue.Add(A);
        _queue.Add(B);
        var first = await Take();
        _time.Advance(TimeSpan.FromSeconds(3));
        var second = await Take();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(
            new QueueState("things.example", 0, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(5)), _queue.State);
        _queue.Done(first);
        Assert.Equal(TimeSpan.FromSeconds(2), _queue.State.Longest);
        _queue.Done(second);
        Assert.Equal(TimeSpan.Zero, _queue.State.Unfinished);
    }

    // client-go counts a key when it becomes due, however often it is asked for, and again for each retry.
    [Fact]
    public async Task Metrics_OfAKey_CountAsClientGoDoes()
    {
        using var seen = new SeenMeasurements("things.example");
        _queue.Add(A);
        _queue.Add(A);
        _time.Advance(TimeSpan.FromSeconds(4));
        var key = await Take();
        _queue.Add(A);
        _queue.Add(A);
        _time.Advance(TimeSpan.FromSeconds(6));
        _queue.Done(key);
        _queue.Retry(B);
        Assert.Equal([1, 1], seen["workqueue_adds_total"]);
        Assert.Equal([4], seen["workqueue_queue_duration_seconds"]);
        Assert.Equal([6], seen["workqueue_work_duration_seconds"]);
        Assert.Equal([1], seen["workqueue_retries_total"]);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1, 1, 1], seen["workqueue_adds_total"]);
    }

    private async Task<TimeSpan> WaitOfRetry()
    {
        var start = _time.GetUtcNow();
        _queue.Retry(A);
        while (_queue.State.Depth == 0)
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }

        _queue.Done(await Take());
        return _time.GetUtcNow() - start;
    }

    private Task<ResourceKey> Take() => _queue.TakeAsync(TestContext.Current.CancellationToken);
}
