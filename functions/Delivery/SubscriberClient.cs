// Hands one event to one address by HTTP POST and reads what comes back.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Telemetry;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// One POST, no redirects, within the delivery's timeout. Every way it can fail is an outcome:
/// <code>
///   address not to be called ─► Refused, 500
///   no answer, timeout, bad address ─► Retryable, 500       404 408 409 429 5xx ─► Retryable
///   2xx ─► Delivered, with the event in the answer           everything else     ─► Refused
///   2xx of a Trigger's subscriber with a body that is no event ─► Retryable, 502
/// </code>
/// </summary>
internal sealed class SubscriberClient(
    TrustedClients clients, EgressSafety safety, BusPublisher publisher, TimeProvider time)
{
    /// <summary>base64 of this many bytes is the 1,024 characters that Knative allows.</summary>
    private const int MaxErrorBytes = 768;

    private const int BadReply = StatusCodes.Status502BadGateway;
    private const int NoAnswer = StatusCodes.Status500InternalServerError;

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(570);
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(1);

    /// <summary>Sends the event; asks for a reply unless it goes to a dead-letter sink or is a reply itself.</summary>
    public async Task<DeliveryOutcome> PostAsync(
        EgressRoute route,
        Target target,
        CloudEvent cloudEvent,
        IReadOnlyList<KeyValuePair<string, object>> others,
        bool wantsReply,
        CancellationToken cancellationToken)
    {
        if (target.Address is null)
        {
            return Failed(OutcomeKind.Retryable, NoAnswer, "the address is not an http or https URL");
        }

        if (!safety.Allows(target.Address))
        {
            return Failed(OutcomeKind.Refused, NoAnswer, "the address is one that is not called");
        }

        var delivery = route.Egress.Delivery;
        var limit = delivery.Timeout < ShortestTimeout ? ShortestTimeout
            : delivery.Timeout > LongestTimeout ? LongestTimeout : delivery.Timeout;
        using var timer = new CancellationTokenSource(limit, time);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        using var span = EventTraces.Send(ActivityKind.Client, target.Shown);
        using var request = Request(route, target.Address, cloudEvent, wantsReply);
        HopHeaders.Write(others, span, request);
        var outcome = await SendAsync(request, target, route.Egress, wantsReply, timeout, cancellationToken)
            ?? Failed(OutcomeKind.Retryable, NoAnswer, $"no answer within {limit.TotalSeconds:0.###} s") with
            {
                IsSilence = true,
            };
        EventTraces.End(span, outcome.Status, failed: outcome.Kind != OutcomeKind.Delivered);
        return outcome;
    }

    // Null when there was no answer in time.
    private async Task<DeliveryOutcome?> SendAsync(
        HttpRequestMessage request,
        Target target,
        Egress egress,
        bool wantsReply,
        CancellationTokenSource timeout,
        CancellationToken cancellationToken)
    {
        try
        {
            using var response = await clients.For(target.Destination.CaCerts).SendAsync(request, timeout.Token);
            return response.IsSuccessStatusCode
                ? await AcceptedAsync(response, egress, wantsReply, timeout.Token)
                : await RejectedAsync(response, timeout.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return Failed(OutcomeKind.Retryable, NoAnswer, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static HttpRequestMessage Request(EgressRoute route, Uri address, CloudEvent cloudEvent, bool wantsReply)
    {
        // Over TLS the subscriber chooses; without it HTTP/1.1 is spoken.
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Version = HttpVersion.Version20 };
        if (wantsReply)
        {
            request.Headers.TryAddWithoutValidation("Prefer", "reply");
        }

        request.Headers.TryAddWithoutValidation("Kn-Namespace", HeaderText.Encode(route.Egress.Namespace));
        if (route.Egress.Delivery.Format == EventFormat.Json)
        {
            request.Content = new ReadOnlyMemoryContent(
                StructuredJsonWriter.Write(cloudEvent, except: AttributeName.BrokerTtl));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentModes.StructuredJsonType);
        }
        else
        {
            BinaryHttp.Write(cloudEvent, request, except: AttributeName.BrokerTtl);
        }

        return request;
    }

    private async ValueTask<DeliveryOutcome> AcceptedAsync(
        HttpResponseMessage response, Egress egress, bool wantsReply, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        if (!wantsReply || response.Content.Headers.ContentLength == 0 && !BinaryHttp.LooksLikeEvent(response))
        {
            return new() { Kind = OutcomeKind.Delivered, Status = status };
        }

        var mode = ContentModes.Of(BinaryHttp.ContentTypeOf(response));
        var isEvent = mode != ContentMode.Binary || BinaryHttp.LooksLikeEvent(response);
        var limit = isEvent ? (int)Math.Min(publisher.EventLimit, int.MaxValue) : 1;
        var (body, whole) = await BoundedRead.ReadAsync(response.Content, limit, cancellationToken);
        if (!isEvent)
        {
            // Knative's Broker takes an answer that is neither empty nor an event for a failure, its Channels do not.
            return body.IsEmpty || egress.Kind != EgressKind.Trigger
                ? new() { Kind = OutcomeKind.Delivered, Status = status }
                : Failed(OutcomeKind.Retryable, BadReply, "the answer is neither empty nor a CloudEvent");
        }

        if (!whole)
        {
            return Failed(OutcomeKind.Refused, BadReply, $"the reply is larger than {limit} bytes");
        }

        CloudEvent? reply;
        EventFault? fault;
        switch (mode)
        {
            case ContentMode.Binary:
                // A malformed one is dropped, as Knative's filter does.
                _ = BinaryHttp.TryRead(response, body, out reply, out _);
                return new() { Kind = OutcomeKind.Delivered, Status = status, Reply = reply };
            case ContentMode.StructuredJson:
                return StructuredJson.TryRead(body, out reply, out fault)
                    ? new() { Kind = OutcomeKind.Delivered, Status = status, Reply = reply }
                    : Failed(OutcomeKind.Retryable, BadReply, $"the reply is not a CloudEvent: {fault.Detail}");
            default:
                return Failed(OutcomeKind.Retryable, BadReply, "the reply's event format is not read");
        }
    }

    private async ValueTask<DeliveryOutcome> RejectedAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var (body, _) = await BoundedRead.ReadAsync(response.Content, MaxErrorBytes, cancellationToken);
        return new()
        {
            Kind = RetryRules.IsRetryable(status) ? OutcomeKind.Retryable : OutcomeKind.Refused,
            Status = status,
            ErrorData = body.IsEmpty ? null : Convert.ToBase64String(body.Span),
            RetryAfter = status is 429 or 503 ? RetryAfter(response.Headers.RetryAfter) : null,
        };
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);

    private static DeliveryOutcome Failed(OutcomeKind kind, int status, string words)
    {
        var bytes = Encoding.UTF8.GetBytes("dispatch error: " + words);
        return new()
        {
            Kind = kind,
            Status = status,
            ErrorData = Convert.ToBase64String(bytes.AsSpan(0, Math.Min(bytes.Length, MaxErrorBytes))),
        };
    }
}
