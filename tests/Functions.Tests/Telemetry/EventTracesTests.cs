// One trace from the producer to the last subscriber, over the bus and over replies.
using System.Collections.Concurrent;
using System.Diagnostics;
using ServerlessEventing.Functions.Telemetry;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Telemetry;

public sealed class HostDoorEventTracesTests(HostHouse house) : EventTracesTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorEventTracesTests(PumpHouse house) : EventTracesTests(house), IClassFixture<PumpHouse>;

public abstract class EventTracesTests(FunctionsHouse house)
{
    private const string Reply = "com.example.Reply";

    private readonly ActivityTraceId trace = ActivityTraceId.CreateRandom();
    private readonly ConcurrentQueue<Activity> spans = new();

    [Fact]
    public async Task Trace_OfAnEventAndItsReply_JoinsEveryHop()
    {
        using var listener = Listen();
        await using var first = await Subscriber.StartAsync((context, _) => Subscriber.ReplyAsync(context, Reply));
        await using var second = await Subscriber.StartAsync(503, 200);
        var broker = await house.AddBrokerAsync();
        var orders = await house.AddTriggerAsync(
            broker, first.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.FullEvent") });
        var answers = await house.AddTriggerAsync(broker, second.Address, e => e with
        {
            Filters = FunctionsHouse.TypeIs(Reply),
            Delivery = new() { Retry = 3, BackoffDelay = TimeSpan.FromMilliseconds(20) },
        });

        await house.SendAsync(
            broker, "e1", headers: [("traceparent", $"00-{trace}-b7ad6b7169203331-01"), ("tracestate", "vendor=1")]);
        await Eventually.True(() => second.Received.Count == 2, "the reply arrives at the second try");
        await Eventually.True(() => Ended($"trigger:{answers.Name}.ns", "delivered"), "the last span has ended");

        var ingress = Span($"broker:{broker}.ns");
        var dispatch = Span($"trigger:{orders.Name}.ns", "delivered");
        var post = Span($"send {first.Address}");
        var reply = Span($"send {FunctionsHouse.ReplyTopic(broker)}");
        var answered = Span($"trigger:{answers.Name}.ns", "delivered");
        var posts = spans.Where(s => s.DisplayName == $"send {second.Address}").ToArray();
        Assert.Equal("b7ad6b7169203331", ingress.ParentSpanId.ToHexString());
        Assert.Equal(ingress.SpanId, dispatch.ParentSpanId);
        Assert.Equal(dispatch.SpanId, post.ParentSpanId);
        Assert.Equal(dispatch.SpanId, reply.ParentSpanId);
        Assert.Equal(reply.SpanId, answered.ParentSpanId);
        Assert.Equal([503, 200], posts.Select(s => s.GetTagItem("http.response.status_code")));
        Assert.Equal(ActivityStatusCode.Error, posts[0].Status);
        Assert.All(posts, s => Assert.Equal(answered.SpanId, s.ParentSpanId));
        Assert.Equal(
            [post.Id, .. posts.Select(s => s.Id)],
            ((Received[])[.. first.Received, .. second.Received]).Select(r => r.Headers["traceparent"]));
        Assert.All(spans, s => Assert.Equal("vendor=1", s.TraceStateString));
        Assert.All(second.Received, r => Assert.Equal("vendor=1", r.Headers["tracestate"]));
        Assert.Equal("e1", ingress.GetTagItem("messaging.message.id"));
        Assert.Equal(broker, ingress.GetTagItem("kn.broker.name"));
        Assert.Equal(ActivityKind.Producer, ingress.Kind);
        Assert.Equal(ActivityKind.Consumer, dispatch.Kind);
        Assert.Equal(ActivityKind.Client, post.Kind);
    }

    // Only what is in this test's trace: others run beside it in this process.
    private ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EventTraces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceId == trace
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private bool Ended(string name, string ending) => spans.Any(
        span => span.DisplayName == name && Equals(span.GetTagItem("eventing.ending"), ending));

    private Activity Span(string name, string? ending = null) => Assert.Single(
        spans, span => span.DisplayName == name
            && (ending is null || Equals(span.GetTagItem("eventing.ending"), ending)));
}
