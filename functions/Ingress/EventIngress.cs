// Takes events in over HTTP and answers 202 once the bus has them.
using Microsoft.Net.Http.Headers;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Telemetry;

namespace ServerlessEventing.Functions.Ingress;

/// <summary>
/// The order of checks is Knative's (<c>pkg/broker/ingress/ingress_handler.go</c>), with the statuses it lacks. A batch
/// goes the same way, whole or not at all:
/// <code>
///  request ─► 1 method ─► 2 address ─► 3 body ─► 4 event ─► 5 ingress ─► 6 TTL ─► 7 pressure ─► 8 publish ─► 202
///              405          400, 404     400, 408   400, 415    404          400       429          400, 413, 429
///                                        413, 415                                                   431, 503
/// </code>
/// The data is buffered once and sent once, untouched.
/// </summary>
internal sealed class EventIngress(RoutingTables tables, BusPublisher publisher, Intake intake, EventMetrics metrics)
{
    /// <summary>Handles a request that was sent to <paramref name="host"/>.</summary>
    public async Task HandleAsync(HttpContext context, string host)
    {
        context.Response.Headers[HeaderNames.Allow] = "POST, OPTIONS";
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.Headers["WebHook-Allowed-Origin"] = "*";
            context.Response.Headers["WebHook-Allowed-Rate"] = "*";
            return;
        }

        // 1, 2: method and address.
        var request = context.Request;
        var model = tables.Current!;
        var address = EventAddress.Read(request.Path.Value ?? "", host, model);
        var route = address.Find(model);
        var problem = !HttpMethods.IsPost(request.Method) ? Problems.MethodNotAllowed
            : address.Problem
            ?? await TakeInAsync(request, route, address.Path ?? host, model, context.RequestAborted);
        if (problem is null)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
        else
        {
            metrics.Rejected(route?.Ingress, problem.Status);
            await problem.WriteAsync(context);
        }
    }

    private async ValueTask<Problem?> TakeInAsync(
        HttpRequest request, IngressRoute? route, string address, RoutingModel model,
        CancellationToken cancellationToken)
    {
        // 3: body; its limit is known once the bus has been asked.
        if (route is not null)
        {
            await publisher.LearnLimitAsync(route.Ingress.Topic, cancellationToken);
        }

        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            return Problems.Compressed(encoding.ToString());
        }

        var (body, problem) = await RequestBody.ReadAsync(request, publisher.EventLimit, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        // 4: event, or a batch of them.
        (var read, problem) = RequestEvents.Read(request, body);
        if (problem is not null)
        {
            return problem;
        }

        // 5: ingress.
        if (route is null)
        {
            return Problems.UnknownAddress(address);
        }

        // 6: TTL and arrival time, which a Channel leaves as they are.
        if (route.Ingress.Kind == IngressKind.Broker && intake.EnterBroker(read) is { } exhausted)
        {
            return exhausted;
        }

        // 7, 8: pressure and the bus.
        return route.UnderPressure
            ? Problems.UnderPressure(model.RetryAfterSeconds)
            : await intake.PublishAsync(route.Ingress, read, request.Headers, cancellationToken);
    }
}
