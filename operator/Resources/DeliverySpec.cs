// A DeliverySpec as users write it, checked, and how it is inherited.
using System.Text.Json.Nodes;
using System.Xml;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Operator.Resources;

/// <summary>Knative's DeliverySpec (pkg/apis/duck/v1/delivery_types.go), read from an object.</summary>
public sealed record DeliverySpec
{
    /// <summary>What a Broker without <c>spec.delivery</c> gets, as in Knative's config-br-defaults.</summary>
    public static readonly DeliverySpec BrokerDefault = new()
    {
        Resolved = new Delivery
        {
            Retry = 10,
            BackoffPolicy = BackoffPolicy.Exponential,
            BackoffDelay = TimeSpan.FromSeconds(0.2),
        },
    };

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(30);

    /// <summary>Retry, backoff, timeout and format.</summary>
    public Delivery Resolved { get; init; } = new();

    /// <summary>The dead-letter sink as written, or null.</summary>
    public JsonObject? DeadLetterSink { get; init; }

    /// <summary>Reads a DeliverySpec; a null node is null, and a wrong one comes back as a problem to report.</summary>
    public static DeliverySpec? Read(JsonNode? json, out string? problem)
    {
        problem = null;
        if (json is not JsonObject)
        {
            return null;
        }

        var retry = json.Number("retry") ?? 0;
        if (retry is < 0 or > 1000)
        {
            problem = $"delivery.retry is {retry}; it must be between 0 and 1000";
        }

        var policy = json.Text("backoffPolicy") ?? "exponential";
        if (policy is not ("exponential" or "linear"))
        {
            problem = $"delivery.backoffPolicy is '{policy}'; it must be linear or exponential";
        }

        var format = json.Text("format") ?? "binary";
        if (format is not ("binary" or "json"))
        {
            problem = $"delivery.format is '{format}'; it must be binary or json";
        }

        var delay = Duration(json, "backoffDelay", ref problem);
        var timeout = Duration(json, "timeout", ref problem);
        var retryAfterMax = Duration(json, "retryAfterMax", ref problem);
        var standard = new Delivery();
        return new DeliverySpec
        {
            DeadLetterSink = json.Object("deadLetterSink"),
            Resolved = standard with
            {
                Retry = (int)Math.Clamp(retry, 0, 1000),
                BackoffPolicy = policy == "linear" ? BackoffPolicy.Linear : BackoffPolicy.Exponential,
                BackoffDelay = delay ?? TimeSpan.Zero,
                Timeout = timeout is { } asked && asked > TimeSpan.Zero
                    ? TimeSpan.FromTicks(Math.Min(asked.Ticks, LongestTimeout.Ticks))
                    : standard.Timeout,
                RetryAfterMax = retryAfterMax,
                Format = format == "json" ? EventFormat.Json : EventFormat.Binary,
            },
        };
    }

    /// <summary>
    /// A child's delivery over its parent's. The child's retry policy counts as a whole; a child that names no
    /// dead-letter sink still uses its parent's, as Knative's channel-based Broker and its Channels do.
    /// </summary>
    public static DeliverySpec Inherit(DeliverySpec? child, DeliverySpec? parent) =>
        child is null ? parent ?? new DeliverySpec()
        : child with { DeadLetterSink = child.DeadLetterSink ?? parent?.DeadLetterSink };

    private static TimeSpan? Duration(JsonNode json, string name, ref string? problem)
    {
        if (json.NonEmpty(name) is not { } text)
        {
            return null;
        }

        try
        {
            var value = XmlConvert.ToTimeSpan(text);
            if (value >= TimeSpan.Zero)
            {
                return value;
            }
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            // Reported below, together with a negative duration.
        }

        problem = $"delivery.{name} is '{text}'; it must be an ISO 8601 duration such as PT0.2S or PT1M";
        return null;
    }
}
