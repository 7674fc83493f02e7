// Answers to a producer whose event was not taken: what is wrong, where, and how to mend it (RFC 9457).
using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Ingress;

/// <summary>A problem body, https://www.rfc-editor.org/rfc/rfc9457.</summary>
internal sealed record Problem(int Status, string Title, string Detail)
{
    /// <summary>The CloudEvents attribute or member at fault.</summary>
    public string? Attribute { get; init; }

    /// <summary>Each element of a batch that is at fault, by its index.</summary>
    public IReadOnlyList<EventFault> Elements { get; init; } = [];

    /// <summary>The content codings that would have been taken.</summary>
    public string? AcceptEncoding { get; init; }

    /// <summary>Seconds after which to try again.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The largest event that would have been taken, in bytes.</summary>
    public long? LimitBytes { get; init; }

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers[HeaderNames.RetryAfter] = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (AcceptEncoding is not null)
        {
            response.Headers[HeaderNames.AcceptEncoding] = AcceptEncoding;
        }

        var body = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "about:blank");
            writer.WriteString("title", Title);
            writer.WriteNumber("status", Status);
            writer.WriteString("detail", Detail);
            if (Attribute is not null)
            {
                writer.WriteString("attribute", Attribute);
            }

            if (LimitBytes is { } limit)
            {
                writer.WriteNumber("limitBytes", limit);
            }

            WriteElements(writer);
            writer.WriteEndObject();
        }

        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    private void WriteElements(Utf8JsonWriter writer)
    {
        if (Elements.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("elements");
        foreach (var fault in Elements)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", fault.Index!.Value);
            writer.WriteString("detail", fault.Detail);
            if (fault.Attribute is not null)
            {
                writer.WriteString("attribute", fault.Attribute);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
