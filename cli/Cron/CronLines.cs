// Answers one JSON line for each JSON line: a schedule in, its next times out.
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Contract.Cron;

namespace ServerlessEventing.Cli.Cron;

/// <summary>
/// <c>{"schedule": …, "timezone": …, "from": …}</c> in, <c>{"valid": …, "next": […], "error": …}</c> out, with
/// <c>"position"</c>, counted from 1, when the schedule is wrong.
/// </summary>
internal static class CronLines
{
    private const int Times = 6;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer to one line; without <c>from</c> it is asked from <paramref name="now"/> on.</summary>
    public static string Answer(string line, CronDialect dialect, DateTimeOffset now)
    {
        if (LineAnswers.IsTooLong(line))
        {
            return Refuse(LineAnswers.TooLong, null);
        }

        try
        {
            return JsonNode.Parse(line) is JsonObject question
                ? Answer(question, dialect, now)
                : Refuse("expected a JSON object", null);
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException or InvalidOperationException)
        {
            return Refuse($"not a JSON object: {malformed.Message}", null);
        }
    }

    /// <summary>A time in UTC, to the second.</summary>
    public static string Shown(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>Reads RFC 3339; a time without offset is UTC.</summary>
    public static bool TryReadTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>The coming times, at most <paramref name="count"/> of them.</summary>
    public static IEnumerable<DateTimeOffset> Next(CronSchedule schedule, DateTimeOffset from, int count)
    {
        for (var at = schedule.Next(from); count > 0 && at is { } time; at = schedule.Next(time), count--)
        {
            yield return time;
        }
    }

    private static string Answer(JsonObject question, CronDialect dialect, DateTimeOffset from)
    {
        if (Text(question, "schedule") is not { } schedule)
        {
            return Refuse("expected \"schedule\", a text", null);
        }

        if (Text(question, "from") is { } text && !TryReadTime(text, out from))
        {
            return Refuse($"\"from\" is \"{text}\"; write it as RFC 3339, like 2030-01-31T12:00:00Z", null);
        }

        var zone = Text(question, "timezone") ?? "";
        return CronSchedule.TryParse(schedule, zone, dialect, out var cron, out var fault)
            ? Write(true, Next(cron, from, Times), null, null)
            : Refuse(fault.Message, fault.Position + 1);
    }

    private static string? Text(JsonObject question, string name) =>
        question[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static string Refuse(string error, int? position) => Write(false, [], error, position);

    private static string Write(bool valid, IEnumerable<DateTimeOffset> next, string? error, int? position)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("valid", valid);
            writer.WriteStartArray("next");
            foreach (var time in next)
            {
                writer.WriteStringValue(Shown(time));
            }

            writer.WriteEndArray();
            writer.WriteString("error", error);
            if (position is { } at)
            {
                writer.WriteNumber("position", at);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
