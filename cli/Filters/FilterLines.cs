// Answers one JSON line for each JSON line: an expression or filters, and an event.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Cli.Filters;

/// <summary>
/// <c>{"expression": "…", "event": {…}}</c> or <c>{"filters": […], "event": {…}}</c> in,
/// <c>{"pass": …, "result": …, "error": …}</c> out, with <c>"parseError"</c> when the filter itself is wrong.
/// </summary>
internal static class FilterLines
{
    private const int MaxLine = 1024 * 1024;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task AnswerAsync(TextReader input, TextWriter output, CancellationToken cancellationToken)
    {
        var buffer = new char[16 * 1024];
        var line = new StringBuilder();
        int read;
        do
        {
            read = await input.ReadAsync(buffer, cancellationToken);
            foreach (var letter in buffer.AsSpan(0, read).ToString())
            {
                if (letter != '\n')
                {
                    // One more than the limit shows that it was passed; the rest of such a line is skipped.
                    line.Append(line.Length <= MaxLine ? letter.ToString() : "");
                    continue;
                }

                await WriteAsync();
            }

            if (read == 0)
            {
                await WriteAsync();
            }

            await output.FlushAsync(cancellationToken);
        }
        while (read > 0);

        async Task WriteAsync()
        {
            var text = line.ToString();
            line.Clear();
            if (!string.IsNullOrWhiteSpace(text))
            {
                await output.WriteLineAsync(Answer(text));
            }
        }
    }

    /// <summary>The answer to one line.</summary>
    public static string Answer(string line)
    {
        if (line.Length > MaxLine)
        {
            return Write(false, null, $"the line is longer than {MaxLine} characters", null);
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
