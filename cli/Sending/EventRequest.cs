// One or more events as an HTTP request, by CloudEvents' HTTP binding.
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Cli.Sending;

/// <summary>Makes requests in the three content modes.</summary>
internal static class EventRequest
{
    public static HttpRequestMessage Of(IReadOnlyList<JsonObject> events, SendOptions options)
    {
        if (options.Batch > 1)
        {
            var array = new JsonArray([.. events.Select(sent => sent.DeepClone())]);
            return Post(
                options.Url, Encoding.UTF8.GetBytes(array.ToJsonString()), "application/cloudevents-batch+json");
        }

        return options.Mode == SendMode.Structured
            ? Post(options.Url, Encoding.UTF8.GetBytes(events[0].ToJsonString()), "application/cloudevents+json")
            : Binary(events[0], options.Url);
    }

    private static HttpRequestMessage Binary(JsonObject sent, Uri url)
    {
        var request = Post(url, Body(sent), EventInput.ContentTypeOf(sent));
        foreach (var (name, value) in sent)
        {
            if (name is "data" or "data_base64" or "datacontenttype" || value is null)
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation("ce-" + name, Encoded($"{value}")))
            {
                throw new CommandException($"\"{name}\" cannot be the name of an attribute");
            }
        }

        return request;
    }

    private static byte[] Body(JsonObject sent)
    {
        if ((string?)sent["data_base64"] is { } base64)
        {
            return Convert.TryFromBase64String(base64, new byte[base64.Length], out _)
                ? Convert.FromBase64String(base64)
                : throw new CommandException($"event {sent["id"]}: data_base64 is not base64");
        }

        var isJson = EventInput.IsJson(EventInput.ContentTypeOf(sent));
        return sent["data"] is { } data ? Encoding.UTF8.GetBytes(isJson ? data.ToJsonString() : $"{data}") : [];
    }

    // Percent-code what a header cannot carry, and the percent sign itself.
    private static string Encoded(string value) => string.Concat(Encoding.UTF8.GetBytes(value).Select(octet =>
        octet is > 0x20 and < 0x7f and not (byte)'"' and not (byte)'%' ? $"{(char)octet}" : $"%{octet:X2}"));

    private static HttpRequestMessage Post(Uri url, byte[] body, string contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
        {
            throw new CommandException($"\"{contentType}\" is not a content type");
        }

        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = type;
        return request;
    }
}
