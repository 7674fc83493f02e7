// Headers that travel beside an event, from the producer's request to each subscriber's: ids, and the trace context.
using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Publishing;

/// <summary>
/// The list is Knative's (<c>pkg/utils/headers.go</c>): <c>x-request-id</c>, <c>knative-*</c>, <c>x-b3-*</c>; nothing
/// else of a request goes on. On the bus each is a property. The trace context of W3C names the hop, so each hop
/// writes its own; the event's <c>traceparent</c> attribute names the origin and is never touched (distributed
/// tracing extension).
/// </summary>
internal static class HopHeaders
{
    public const int MaxCount = 32;
    public const int MaxBytes = 8 * 1024;

    private const int MaxTraceStateLength = 512;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("-0123456789abcdefghijklmnopqrstuvwxyz");

    /// <summary>Reads what goes on; false when that is more than the limits.</summary>
    public static bool TryRead(
        IHeaderDictionary headers, [NotNullWhen(true)] out List<KeyValuePair<string, object>>? properties)
    {
        properties = [];
        var bytes = 0;
        foreach (var (name, values) in headers)
        {
            if (!IsListed(name))
            {
                continue;
            }

            var lower = name.ToLowerInvariant();
            var text = values.ToString();
            if (!IsName(lower) || !IsPrintable(text))
            {
                continue;
            }

            bytes += name.Length + text.Length;
            if (bytes > MaxBytes || properties.Count == MaxCount)
            {
                properties = null;
                return false;
            }

            properties.Add(new(MessageProperties.HeaderPrefix + lower, text));
        }

        return true;
    }

    /// <summary>The trace of the request, else that of the event's origin; default when neither names one.</summary>
    public static ActivityContext Origin(IHeaderDictionary headers, CloudEvent cloudEvent)
    {
        var state = headers.TraceState.ToString();
        var kept = state.Length is > 0 and <= MaxTraceStateLength && IsPrintable(state) ? state : null;
        if (!ActivityContext.TryParse(headers.TraceParent, kept, isRemote: true, out var context))
        {
            _ = ActivityContext.TryParse(cloudEvent[AttributeName.TraceParent], null, isRemote: true, out context);
        }

        return context;
    }

    /// <summary>The trace that a message from the bus is in, or default.</summary>
    public static ActivityContext Origin(IReadOnlyList<KeyValuePair<string, object>> others)
    {
        _ = ActivityContext.TryParse(
            Text(others, MessageProperties.TraceParent),
            Text(others, MessageProperties.TraceState),
            isRemote: true,
            out var context);
        return context;
    }

    /// <summary>
    /// Adds the trace context of this hop: that of its span; without one a new id in the trace it comes from, or in a
    /// new trace.
    /// </summary>
    public static void AddTrace(
        IHeaderDictionary headers, CloudEvent cloudEvent, Activity? span, List<KeyValuePair<string, object>> properties)
    {
        var context = span?.Context ?? Origin(headers, cloudEvent);
        if (context == default)
        {
            context = new(ActivityTraceId.CreateRandom(), default, ActivityTraceFlags.None);
        }

        if (context.TraceState is { Length: > 0 } state)
        {
            properties.Add(new(MessageProperties.TraceState, state));
        }

        properties.Add(new(MessageProperties.TraceParent, span?.Id ?? NextHop(context)));
    }

    /// <summary>Makes a span the hop of a message that is published within it; without one nothing changes.</summary>
    public static void Write(Activity? span, IDictionary<string, object> properties)
    {
        if (span?.Id is { } id)
        {
            properties[MessageProperties.TraceParent] = id;
        }
    }

    /// <summary>Those of a message's properties that go on with whatever is published or sent because of it.</summary>
    public static IReadOnlyList<KeyValuePair<string, object>> Kept(IReadOnlyList<KeyValuePair<string, object>> others)
    {
        List<KeyValuePair<string, object>>? kept = null;
        foreach (var other in others)
        {
            if (other.Key is MessageProperties.TraceParent or MessageProperties.TraceState
                || other.Key.StartsWith(MessageProperties.HeaderPrefix, StringComparison.Ordinal))
            {
                (kept ??= []).Add(other);
            }
        }

        return kept ?? [];
    }

    /// <summary>
    /// Writes them into a request, whose hop is <paramref name="span"/> where there is one. They are checked again:
    /// whoever may send to the bus may have written them.
    /// </summary>
    public static void Write(
        IReadOnlyList<KeyValuePair<string, object>> others, Activity? span, HttpRequestMessage request)
    {
        if (span is not null)
        {
            request.Headers.TryAddWithoutValidation(MessageProperties.TraceParent, span.Id);
        }

        foreach (var (name, value) in others)
        {
            if (value is not string text || !IsPrintable(text))
            {
                continue;
            }

            if (name == MessageProperties.TraceParent)
            {
                if (span is null && ActivityContext.TryParse(text, null, isRemote: true, out var context))
                {
                    request.Headers.TryAddWithoutValidation(name, NextHop(context));
                }
            }
            else if (name == MessageProperties.TraceState)
            {
                request.Headers.TryAddWithoutValidation(name, text);
            }
            else if (name.StartsWith(MessageProperties.HeaderPrefix, StringComparison.Ordinal)
                && name[MessageProperties.HeaderPrefix.Length..] is var header && IsPassed(header))
            {
                request.Headers.TryAddWithoutValidation(header, text);
            }
        }
    }

    private static string? Text(IReadOnlyList<KeyValuePair<string, object>> others, string name)
    {
        foreach (var (key, value) in others)
        {
            if (key == name)
            {
                return value as string;
            }
        }

        return null;
    }

    private static bool IsPassed(string name) => IsListed(name) && IsName(name);

    private static bool IsListed(string name) =>
        name.Equals("x-request-id", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("knative-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("x-b3-", StringComparison.OrdinalIgnoreCase);

    private static bool IsName(ReadOnlySpan<char> name) => !name.ContainsAnyExcept(NameCharacters);

    private static bool IsPrintable(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange(' ', '~');

    private static string NextHop(ActivityContext context)
    {
        var flags = (context.TraceFlags & ActivityTraceFlags.Recorded) == 0 ? "00" : "01";
        return $"00-{context.TraceId.ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-{flags}";
    }
}
