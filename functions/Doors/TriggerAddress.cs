// A Trigger's own address: one event to one subscriber, answered as the subscriber answers.
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Ingress;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Telemetry;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// <c>POST /triggers/{namespace}/{name}/{uid}</c>, as Knative's filter (<c>pkg/broker/filter/filter_handler.go</c>):
/// <code>
///   405 not POST   404 no such Trigger   400 another uid   400 no event   400 no TTL   404 no subscriber
///   200 filtered   429 the subscriber's share is full   else the subscriber's own status, with its reply
/// </code>
/// One try, nothing stored: who calls this is the one who tries again. Events of a Broker do not come this way.
/// </summary>
internal sealed class TriggerAddress(
    RoutingTables tables, EgressGates gates, SubscriberClient subscribers, BusPublisher publisher, EventMetrics metrics,
    TimeProvider time)
{
    private const string Prefix = "/triggers/";
    private const int Segments = 4;

    public static bool IsAsked(string path) =>
        path.StartsWith(Prefix, StringComparison.Ordinal)
        && path.AsSpan().TrimEnd('/').Count('/') == Segments
        && !path.Contains("//", StringComparison.Ordinal);

    public async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers[HeaderNames.Allow] = "POST";
        if (await DispatchAsync(context) is { } problem)
        {
            await problem.WriteAsync(context);
        }
    }

    private async Task<Problem?> DispatchAsync(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method))
        {
            return Problems.TriggerTakesPost;
        }

        var names = request.Path.Value!.TrimEnd('/').Split('/');
        if (tables.Current!.TriggerNamed(names[2], names[3]) is not { } route)
        {
            return Problems.UnknownTrigger(names[2], names[3]);
        }

        if (route.Egress.Uid != names[4])
        {
            return Problems.OtherTrigger;
        }

        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            return Problems.Compressed(encoding.ToString());
        }

        var cancellationToken = context.RequestAborted;
        var (body, problem) = await RequestBody.ReadAsync(request, publisher.EventLimit, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        (var read, problem) = RequestEvents.Read(request, body);
        if (problem is not null || read.IsBatch)
        {
            return problem ?? Problems.OneEventOnly;
        }

        return HopHeaders.TryRead(request.Headers, out var hop)
            ? await DispatchAsync(context, route, read.Events[0], hop)
            : Problems.TooManyHeaders;
    }

    private async Task<Problem?> DispatchAsync(
        HttpContext context, EgressRoute route, CloudEvent cloudEvent, List<KeyValuePair<string, object>> hop)
    {
        if (cloudEvent[AttributeName.BrokerTtl] is not { } ttl)
        {
            return Problems.NoTtl;
        }

        if (route.Subscriber is null)
        {
            return Problems.NoSubscriber;
        }

        if (route.Filter?.Passes(cloudEvent) != true)
        {
            return route.FilterError is { } error ? Problems.BadFilter(error) : null;
        }

        using var span = EventTraces.Dispatch(
            route.Egress, cloudEvent, context.Request.Path.Value!, context.Request.Headers);
        HopHeaders.AddTrace(context.Request.Headers, cloudEvent, span, hop);
        var cancellationToken = context.RequestAborted;
        var gate = gates.Of(route.Egress);
        if (await gate.EnterAsync(moves: 0, cancellationToken) is { } slot)
        {
            return Problems.UnderPressure((int)Math.Ceiling(slot.TotalSeconds));
        }

        var entered = time.GetTimestamp();
        DeliveryOutcome outcome;
        try
        {
            outcome = await subscribers.PostAsync(
                route, route.Subscriber, cloudEvent, hop, wantsReply: true, cancellationToken);
            gate.Tried(outcome);
            metrics.Tried(route.Egress, Operation.Deliver, outcome.Status, entered);
        }
        finally
        {
            gate.Leave(entered);
        }

        // The reply goes on with the rounds its event has left, whatever it says itself.
        outcome.Reply?.Set(AttributeName.BrokerTtl, ttl);
        await (outcome.Kind == OutcomeKind.Delivered
            ? ReplyAsync(context.Response, outcome, cancellationToken)
            : FailAsync(context.Response, route.Subscriber, outcome, cancellationToken));
        return null;
    }

    private static async Task ReplyAsync(
        HttpResponse response, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        response.StatusCode = outcome.Status;
        if (outcome.Reply is not { } reply)
        {
            return;
        }

        foreach (var (name, text) in reply.Attributes)
        {
            if (name == AttributeName.DataContentType)
            {
                response.ContentType = text;
            }
            else
            {
                response.Headers[name.Header] = HeaderText.Encode(text);
            }
        }

        if (!reply.Data.IsEmpty)
        {
            response.ContentLength = reply.Data.Length;
            await response.Body.WriteAsync(reply.Data, cancellationToken);
        }
    }

    private static async Task FailAsync(
        HttpResponse response, Target subscriber, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        response.StatusCode = outcome.Status;
        response.ContentType = "application/json";
        if (outcome.RetryAfter is { } wait)
        {
            response.Headers[HeaderNames.RetryAfter] =
                Math.Ceiling(Math.Max(0, wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        using var body = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("errdestination", subscriber.Destination.Uri);
            writer.WriteString("errresponsebody", outcome.ErrorData ?? "");
            writer.WriteEndObject();
        }

        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), cancellationToken);
    }
}
