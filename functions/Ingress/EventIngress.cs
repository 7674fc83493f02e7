// Takes events in over HTTP and answers 202 once the bus has them.
using System.Globalization;
using Microsoft.Net.Http.Headers;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.Ingress;

/// <summary>
/// The order of checks is Knative's (<c>pkg/broker/ingress/ingress_handler.go</c>), with the statuses it lacks:
/// <code>
///  request ─► 1 method ─► 2 address ─► 3 body ─► 4 event ─► 5 ingress ─► 6 TTL ─► 7 pressure ─► 8 publish ─► 202
///              405          400, 404     413, 400   400, 415    404          400       429          413, 429, 503
/// </code>
/// The data is buffered once and sent once, untouched.
/// </summary>
internal sealed class EventIngress(RoutingTables tables, BusPublisher publisher, TimeProvider time)
{
    private const int InitialTtl = 255;
    private const int MaxAttributeBytes = 60 * 1024;

    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(20);

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

        var problem = await TakeInAsync(context.Request, host, context.RequestAborted);
        if (problem is null)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
        else
        {
            await problem.WriteAsync(context);
        }
    }

    private async ValueTask<Problem?> TakeInAsync(
        HttpRequest request, string host, CancellationToken cancellationToken)
    {
        // 1, 2: method and address.
        if (!HttpMethods.IsPost(request.Method))
        {
            return Problems.MethodNotAllowed;
        }

        var model = tables.Current!;
        var address = EventAddress.Read(request.Path.Value ?? "", host, model);
        if (address.Problem is not null)
        {
            return address.Problem;
        }

        // 3: body; its limit is known once the bus has been asked.
        var route = address.Find(model);
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

        // 4: event.
        if (!TryReadEvent(request, body, out var cloudEvent, out var fault))
        {
            return Problems.NotAnEvent(fault!);
        }

        // 5: ingress.
        if (route is null)
        {
            return Problems.UnknownAddress(address.Path ?? host);
        }

        // 6: TTL and arrival time, which a Channel leaves as they are.
        if (route.Ingress.Kind == IngressKind.Broker && !Enter(cloudEvent!, out problem))
        {
            return problem;
        }

        // 7, 8: pressure and the bus.
        return route.UnderPressure
            ? Problems.UnderPressure(model.RetryAfterSeconds)
            : await PublishAsync(route.Ingress.Topic, cloudEvent!, cancellationToken);
    }

    private static bool TryReadEvent(
        HttpRequest request, ReadOnlyMemory<byte> body, out CloudEvent? cloudEvent, out EventFault? fault)
    {
        cloudEvent = null;
        var contentType = request.ContentType;
        switch (ContentModes.Of(contentType))
        {
            case ContentMode.Binary:
                return BinaryHttp.TryRead(request.Headers, body, out cloudEvent, out fault);
            case ContentMode.StructuredJson:
                return StructuredJson.TryRead(body, out cloudEvent, out fault);
            case ContentMode.Batch:
                fault = new("Batches are not taken; send each event by itself.") { UnsupportedFormat = true };
                return false;
            default:
                var shown = AttributeRules.Shown(contentType ?? "");
                fault = new($"The event format {shown} is not read; use {ContentModes.StructuredJsonType}.")
                {
                    UnsupportedFormat = true,
                };
                return false;
        }
    }

    private bool Enter(CloudEvent cloudEvent, out Problem? problem)
    {
        var ttl = InitialTtl;
        if (cloudEvent[AttributeName.BrokerTtl] is { } text)
        {
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ttl) || --ttl <= 0)
            {
                problem = Problems.TtlExhausted(text);
                return false;
            }
        }

        cloudEvent.Set(AttributeName.BrokerTtl, ttl.ToString(CultureInfo.InvariantCulture));
        cloudEvent.Set(AttributeName.ArrivalTime, Rfc3339.Write(time.GetUtcNow()));
        problem = null;
        return true;
    }

    private async ValueTask<Problem?> PublishAsync(
        string topic, CloudEvent cloudEvent, CancellationToken cancellationToken)
    {
        var limit = publisher.EventLimit;
        var propertyBytes = EventMessages.PropertyBytes(cloudEvent, out var largest);
        if (propertyBytes > MaxAttributeBytes)
        {
            return Problems.TooManyAttributeBytes(MaxAttributeBytes, largest);
        }

        if (propertyBytes + cloudEvent.Data.Length > limit)
        {
            return Problems.TooLarge(limit);
        }

        var id = Ulid.New(time);
        var expires = cloudEvent[AttributeName.ExpiryTime];
        var message = EventMessages.Write(cloudEvent, new DeliveryState { Id = id, Expires = expires });
        message.MessageId = id;

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(PublishTimeout);
        PublishResult result;
        try
        {
            result = await publisher.PublishAsync(topic, message, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            result = PublishResult.Unreachable;
        }

        return result == PublishResult.Confirmed ? null : Problems.NotPublished(result, limit);
    }
}
