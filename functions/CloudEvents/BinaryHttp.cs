// Binary content mode of the HTTP binding: attributes in ce- headers, data as the body.
using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, 3.1.
/// </summary>
internal static class BinaryHttp
{
    private const int UsualAttributes = 10;

    /// <summary>Reads the event of a request.</summary>
    public static bool TryRead(
        IHeaderDictionary headers,
        ReadOnlyMemory<byte> data,
        [NotNullWhen(true)] out CloudEvent? cloudEvent,
        [NotNullWhen(false)] out EventFault? fault)
    {
        cloudEvent = null;
        var attributes = new List<EventAttribute>(UsualAttributes);
        foreach (var (name, values) in headers)
        {
            if (!IsAttribute(name))
            {
                continue;
            }

            fault = values.Count == 1 ? Add(attributes, name, values[0] ?? "") : Repeated(name);
            if (fault is not null)
            {
                return false;
            }
        }

        var types = headers.ContentType;
        fault = types.Count switch
        {
            0 => null,
            1 => AttributeRules.AddTo(attributes, AttributeName.DataContentType, types[0] ?? ""),
            _ => Repeated("Content-Type"),
        };
        return fault is null && CloudEvent.TryCreate(attributes, data, out cloudEvent, out fault);
    }

    /// <summary>Reads the event of a subscriber's answer.</summary>
    public static bool TryRead(
        HttpResponseMessage response,
        ReadOnlyMemory<byte> data,
        [NotNullWhen(true)] out CloudEvent? cloudEvent,
        [NotNullWhen(false)] out EventFault? fault)
    {
        cloudEvent = null;
        var attributes = new List<EventAttribute>(UsualAttributes);
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            if (!IsAttribute(name))
            {
                continue;
            }

            fault = values.Count == 1 ? Add(attributes, name, values.ToString()) : Repeated(name);
            if (fault is not null)
            {
                return false;
            }
        }

        fault = ContentTypeOf(response) is { } type
            ? AttributeRules.AddTo(attributes, AttributeName.DataContentType, type)
            : null;
        return fault is null && CloudEvent.TryCreate(attributes, data, out cloudEvent, out fault);
    }

    /// <summary>Whether an answer has the four headers that every event in binary mode has.</summary>
    public static bool LooksLikeEvent(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated;
        return headers.Contains(AttributeName.SpecVersion.Header) && headers.Contains(AttributeName.Id.Header)
            && headers.Contains(AttributeName.Source.Header) && headers.Contains(AttributeName.Type.Header);
    }

    /// <summary>The answer's Content-Type as it came, or null.</summary>
    public static string? ContentTypeOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values) ? values.ToString() : null;

    /// <summary>Writes the event into a request, leaving out <paramref name="except"/>.</summary>
    public static void Write(CloudEvent cloudEvent, HttpRequestMessage request, AttributeName except)
    {
        var content = new ReadOnlyMemoryContent(cloudEvent.Data);
        foreach (var (name, text) in cloudEvent.Attributes)
        {
            if (name == AttributeName.DataContentType)
            {
                Write(content.Headers, text);
            }
            else if (name != except)
            {
                request.Headers.TryAddWithoutValidation(name.Header, HeaderText.Encode(text));
            }
        }

        request.Content = content;
    }

    // TryAddWithoutValidation writes CR and LF as they are: only what is a media type, and so visible ASCII, may pass.
    private static void Write(HttpContentHeaders headers, string mediaType)
    {
        if (AttributeRules.IsMediaType(mediaType))
        {
            headers.TryAddWithoutValidation("Content-Type", mediaType);
        }
    }

    private static bool IsAttribute(string header) =>
        header.StartsWith(AttributeName.HeaderPrefix, StringComparison.OrdinalIgnoreCase);

    private static EventFault? Add(List<EventAttribute> attributes, string header, string value)
    {
        var name = AttributeName.ParseHeader(header.AsSpan(AttributeName.HeaderPrefix.Length));
        if (name is null)
        {
            var shown = AttributeRules.Shown(header);
            return new(
                $"Header {shown} names no CloudEvents attribute; names are lower-case letters and digits.", shown);
        }

        if (name == AttributeName.DataContentType)
        {
            return new("ce-datacontenttype is not allowed; the Content-Type header carries it.", name.Text);
        }

        return HeaderText.TryDecode(value, out var text)
            ? AttributeRules.AddTo(attributes, name, text)
            : new($"Header {name.Header} is not percent-encoded UTF-8; write % itself as %25.", name.Text);
    }

    private static EventFault Repeated(string header) =>
        new(
            $"Header {AttributeRules.Shown(header)} is given more than once; send it once.",
            AttributeRules.Shown(header));
}
