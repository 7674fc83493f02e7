// A CloudEvent as a subscriber sees it, read from a binary or structured HTTP request.
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>Attributes and data of one received CloudEvent.</summary>
internal sealed record ReceivedEvent(SortedDictionary<string, string> Attributes, byte[] Data)
{
    private const string Structured = "application/cloudevents";

    public string Id => Attributes["id"];

    public string Type => Attributes["type"];

    public string Source => Attributes["source"];

    /// <summary>The data came as base64 in a structured event.</summary>
    public bool IsBinary { get; init; }

    /// <summary>Whether the data claims to be JSON.</summary>
    public bool IsJson => Attributes.GetValueOrDefault("datacontenttype", "application/json").Split(';')[0].Trim()
        is var type && (type.EndsWith("/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads the request; null when it is not a CloudEvent.</summary>
    public static async Task<ReceivedEvent?> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        var isStructured = request.ContentType?.StartsWith(Structured, StringComparison.OrdinalIgnoreCase) == true;
        var received = isStructured ? FromJson(body.ToArray()) : FromHeaders(request, body.ToArray());
        return received is not null && new[] { "id", "type", "source" }.All(received.Attributes.ContainsKey)
            ? received
            : null;
    }

    private static ReceivedEvent FromHeaders(HttpRequest request, byte[] body)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.Headers)
        {
            if (name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
            {
                attributes[name[3..].ToLowerInvariant()] = Uri.UnescapeDataString(value.ToString());
            }
        }

        if (request.ContentType is { } contentType)
        {
            attributes["datacontenttype"] = contentType;
        }

        return new ReceivedEvent(attributes, body);
    }

    private static ReceivedEvent? FromJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
            byte[] data = [];
            var isBinary = false;
            foreach (var member in document.RootElement.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "data":
                        data = Encoding.UTF8.GetBytes(member.Value.GetRawText());
                        break;
                    case "data_base64":
                        data = member.Value.GetBytesFromBase64();
                        isBinary = true;
                        break;
                    default:
                        attributes[member.Name] = member.Value.ToString();
                        break;
                }
            }

            var received = new ReceivedEvent(attributes, data) { IsBinary = isBinary };
            return !isBinary && !received.IsJson && document.RootElement.TryGetProperty("data", out var text)
                && text.ValueKind == JsonValueKind.String
                ? received with { Data = Encoding.UTF8.GetBytes(text.GetString()!) }
                : received;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
