// Answers one JSON line for each JSON line: an expression or filters, and an event.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Cli.Filters;

/// <summary>
/// <c>{"expression": "…", "event": {…}}</c> or <c>{"filters": […], "event": {…}}</c> in,
/// <c>{"pass": …, "result": …, "error": …}</c> out, with <c>"parseError"</c> when the filter itself is wrong.
/// </summary>
internal static class FilterLines
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer to one line.</summary>
    public static string Answer(string line)
    {
        if (LineAnswers.IsTooLong(line))
        {
            return Write(false, null, LineAnswers.TooLong, null);
        }

        try
        {
            return JsonNode.Parse(line) is JsonObject question
                ? Answer(question)
                : Write(false, null, "expected a JSON object", null);
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException or InvalidOperationException)
        {
            return Write(false, null, $"not a JSON object: {malformed.Message}", null);
        }
    }

    private static string Answer(JsonObject question)
    {
        if (EventSource.Of(question["event"] ?? new JsonObject(), out var problem) is not { } members)
        {
            return Write(false, null, problem, null);
        }

        var attributes = new AttributeDictionary(members);
        if (question["expression"] is JsonValue expression && expression.TryGetValue<string>(out var text))
        {
            var parsing = CeSqlExpression.Parse(text);
            if (!parsing.Succeeded)
            {
                return Write(false, null, parsing.Error.ToString(), parsing.Error.ToString());
            }

            var result = parsing.Expression.Evaluate(attributes);
            return Write(result.Passes, result.Value, result.Error?.Message, null);
        }

        if (FilterSource.Of(question["filters"]) is not { } filters)
        {
            return Write(false, null, "expected \"expression\", a text, or \"filters\", a list", null);
        }

        if (!filters.IsValid)
        {
            return Write(false, null, filters.Message, filters.Message);
        }

        var compilation = FilterCompiler.Compile(filters.Filters);
        if (!compilation.Succeeded)
        {
            return Write(false, null, compilation.Error, compilation.Error);
        }

        var passes = compilation.Filter.Passes(attributes);
        return Write(passes, CeSqlValue.Of(passes), null, null);
    }

    private static string Write(bool pass, CeSqlValue? result, string? error, string? parseError)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("pass", pass);
            switch (result)
            {
                case { Type: CeSqlType.Boolean } value:
                    writer.WriteBoolean("result", value.Number != 0);
                    break;
                case { Type: CeSqlType.Integer } value:
                    writer.WriteNumber("result", value.Number);
                    break;
                case { Text: { } text }:
                    writer.WriteString("result", text);
                    break;
                default:
                    writer.WriteNull("result");
                    break;
            }

            writer.WriteString("error", error);
            if (parseError is not null)
            {
                writer.WriteString("parseError", parseError);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
