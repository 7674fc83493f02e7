// A PingSource as users write it, checked as Knative's webhook does, and the schedule it becomes.
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ServerlessEventing.Contract.Cron;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>Source: knative/eventing <c>pkg/apis/sources/v1/ping_validation.go</c>.</summary>
internal static class PingSourceSpec
{
    public const string EventType = "dev.knative.sources.ping";

    /// <summary>Each tick carries it through the routing table and over the bus.</summary>
    private const int MaxData = 128 * 1024;

    /// <summary>The schedule; else why not: a reason and a message.</summary>
    public static Schedule? Read(Resource source, out (string Reason, string Message) problem)
    {
        var cron = source.Spec.Text("schedule") is { Length: > 0 } text ? text : "* * * * *";
        var zone = source.Spec.Text("timezone") ?? "";
        problem = default;
        if (!CronSchedule.TryParse(cron, zone, CronDialect.PingSource, out _, out var fault))
        {
            problem = ("ScheduleInvalid", fault.Field == "time zone"
                ? $"spec.timezone '{zone}': {fault.Message}"
                : $"spec.schedule '{cron}': {fault}");
            return null;
        }

        var contentType = source.Spec.NonEmpty("contentType");
        var data = Data(source, contentType, out var wrong);
        var extensions = CeOverrides.Read(source, out var bad);
        if ((wrong ?? bad) is { } message)
        {
            problem = (wrong is not null ? "DataInvalid" : "ExtensionsInvalid", message);
            return null;
        }

        return new Schedule
        {
            Uid = source.Uid,
            Generation = source.Generation,
            Cron = cron,
            TimeZone = zone,
            Dialect = CronDialect.PingSource,
            Type = EventType,
            Source = $"/apis/v1/namespaces/{source.Namespace}/pingsources/{source.Name}",
            Attributes = extensions,
            ContentType = contentType,
            Data = data,
        };
    }

    private static byte[]? Data(Resource source, string? contentType, out string? problem)
    {
        problem = null;
        var (text, base64) = (source.Spec.NonEmpty("data"), source.Spec.NonEmpty("dataBase64"));
        if (text is not null && base64 is not null)
        {
            problem = "spec.data and spec.dataBase64 are both set: keep one of them";
            return null;
        }

        if (contentType is not null && !MediaTypeHeaderValue.TryParse(contentType, out _))
        {
            problem = $"spec.contentType is '{contentType}'; write a media type, like application/json";
            return null;
        }

        var data = text is not null ? Encoding.UTF8.GetBytes(text) : null;
        if (base64 is not null)
        {
            var buffer = new byte[base64.Length];
            if (!Convert.TryFromBase64String(base64, buffer, out var length))
            {
                problem = "spec.dataBase64 is not base64";
                return null;
            }

            data = buffer[..length];
        }

        problem = data?.Length > MaxData ? $"the data is {data.Length} bytes; at most {MaxData} are sent each tick"
            : data is not null && contentType == "application/json" && !IsJsonObject(data)
                ? "spec.contentType is application/json, but "
                    + $"spec.{(text is null ? "dataBase64" : "data")} is no JSON object"
            : null;
        return data;
    }

    private static bool IsJsonObject(byte[] data)
    {
        try
        {
            using var json = JsonDocument.Parse(data);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
