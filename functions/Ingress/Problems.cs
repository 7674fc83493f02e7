// Every reason an event is not taken in, by an ingress or by a Trigger's own address, in one place.
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;

namespace ServerlessEventing.Functions.Ingress;

internal static class Problems
{
    private const int BusyRetryAfterSeconds = 2;

    public static readonly Problem MethodNotAllowed = new(
        StatusCodes.Status405MethodNotAllowed,
        "Method not allowed",
        "Events are sent with POST; OPTIONS answers the web hook handshake.");

    public static readonly Problem BadPath = new(
        StatusCodes.Status400BadRequest,
        "Not an address of a Broker or Channel",
        "The path must be /namespace/broker or /channels/namespace/channel.");

    public static readonly Problem NothingAtRoot = new(
        StatusCodes.Status404NotFound,
        "Nothing takes events here",
        "No Broker or Channel has this host name; send to /namespace/broker, or check the host name.");

    public static readonly Problem BrokenBody = new(
        StatusCodes.Status400BadRequest,
        "The request's body is broken",
        "The body ended early or its framing is wrong; send it again whole.");

    public static readonly Problem TooSlow = new(
        StatusCodes.Status408RequestTimeout,
        "The request's body came too slowly",
        "Send the event again, without pauses.");

    public static readonly Problem TooManyHeaders = new(
        StatusCodes.Status431RequestHeaderFieldsTooLarge,
        "Too many headers to pass on",
        $"Of x-request-id, knative-* and x-b3-* a request may have {HopHeaders.MaxCount}, "
            + $"with {HopHeaders.MaxBytes} bytes; leave some out.");

    public static readonly Problem TriggerTakesPost = new(
        StatusCodes.Status405MethodNotAllowed, "Method not allowed", "A Trigger's address takes events with POST.");

    public static readonly Problem OtherTrigger = new(
        StatusCodes.Status400BadRequest,
        "Another Trigger has this name now",
        "The uid in the path is not the Trigger's; it was deleted and made again. See kubectl get trigger -o yaml.");

    public static readonly Problem OneEventOnly = new(
        StatusCodes.Status400BadRequest,
        "A Trigger's address takes one event",
        "A batch has no single answer; send each event by itself, or the batch to the Broker.");

    public static readonly Problem NoTtl = new(
        StatusCodes.Status400BadRequest,
        "The event did not come through a Broker",
        $"It has no {AttributeName.BrokerTtl}; send it to the Broker, or add the attribute.")
    {
        Attribute = AttributeName.BrokerTtl.Text,
    };

    public static readonly Problem NoSubscriber = new(
        StatusCodes.Status404NotFound,
        "The Trigger has no subscriber",
        "Its subscriber is not resolved; its conditions say why.");

    public static Problem UnknownTrigger(string @namespace, string name) => new(
        StatusCodes.Status404NotFound,
        "No such Trigger",
        $"There is no Trigger {AttributeRules.Shown(@namespace)}/{AttributeRules.Shown(name)}; is it Ready?");

    public static Problem BadFilter(string error) => new(
        StatusCodes.Status500InternalServerError, "The Trigger's filter cannot be used", error);

    public static Problem UnknownAddress(string path) => new(
        StatusCodes.Status404NotFound,
        "No such Broker or Channel",
        $"Nothing takes events at {AttributeRules.Shown(path)}; is it created and Ready?");

    public static Problem NotAnEvent(EventFault fault) => new(
        fault.UnsupportedFormat ? StatusCodes.Status415UnsupportedMediaType : StatusCodes.Status400BadRequest,
        fault.UnsupportedFormat ? "Event format not understood" : "Not a CloudEvent",
        fault.Detail)
    {
        Attribute = fault.Attribute,
    };

    /// <summary>A batch is taken whole or not at all, so one bad element is enough.</summary>
    public static Problem NotABatch(IReadOnlyList<EventFault> faults) => faults[0].Index is null
        ? NotAnEvent(faults[0])
        : new(
            StatusCodes.Status400BadRequest,
            "The batch holds what is not a CloudEvent",
            $"Nothing of it was stored. Element {faults[0].Index}: {faults[0].Detail}")
        {
            Elements = faults,
        };

    /// <summary>The same problem, of one element of a batch.</summary>
    public static Problem Of(Problem problem, int index) => problem with
    {
        Detail = $"Nothing of the batch was stored. Element {index}: {problem.Detail}",
        Elements = [new(problem.Detail, problem.Attribute) { Index = index }],
    };

    public static Problem Compressed(string encoding) => new(
        StatusCodes.Status415UnsupportedMediaType,
        "Content-Encoding not understood",
        $"The body is encoded as \"{AttributeRules.Shown(encoding)}\"; send it as it is, without Content-Encoding.")
    {
        AcceptEncoding = "identity",
    };

    public static Problem TooLarge(long limit) => new(
        StatusCodes.Status413PayloadTooLarge,
        "The event is too large",
        $"An event, or a batch, may have {limit} bytes, attributes included; split the batch, or put large data "
            + "elsewhere and send a dataref.")
    {
        LimitBytes = limit,
    };

    public static Problem TooManyAttributeBytes(long limit, string attribute) => new(
        StatusCodes.Status400BadRequest,
        "The event's attributes are too large",
        $"All attributes together may have {limit} bytes; {attribute} is the largest, move its text into data.")
    {
        Attribute = attribute,
        LimitBytes = limit,
    };

    public static Problem TtlExhausted(string text) => new(
        StatusCodes.Status400BadRequest,
        "The event has gone round too often",
        $"knativebrokerttl is \"{AttributeRules.Shown(text)}\"; it must be a number above 1. Do replies go in circles?")
    {
        Attribute = AttributeName.BrokerTtl.Text,
    };

    public static Problem UnderPressure(int retryAfterSeconds) => new(
        StatusCodes.Status429TooManyRequests,
        "Too many events are waiting",
        $"The subscribers behind this address do not keep up; try again in {retryAfterSeconds} seconds.")
    {
        RetryAfterSeconds = retryAfterSeconds,
    };

    /// <summary>What a producer is told when the bus did not take its event.</summary>
    public static Problem NotPublished(PublishResult result, long limit) => result switch
    {
        PublishResult.Busy => new(
            StatusCodes.Status429TooManyRequests,
            "The bus is busy or full",
            $"The event was not stored; try again in {BusyRetryAfterSeconds} seconds.")
        {
            RetryAfterSeconds = BusyRetryAfterSeconds,
        },
        PublishResult.TooLarge => TooLarge(limit),
        PublishResult.NoEntity => new(
            StatusCodes.Status503ServiceUnavailable,
            "The topic behind this address is not there",
            "The event was not stored; the Broker or Channel may just be being made or deleted. Try again.")
        {
            RetryAfterSeconds = BusyRetryAfterSeconds,
        },
        _ => new(
            StatusCodes.Status503ServiceUnavailable,
            "The bus cannot be reached",
            "It is not known that the event was stored; send it again with the same id.")
        {
            RetryAfterSeconds = BusyRetryAfterSeconds,
        },
    };
}
