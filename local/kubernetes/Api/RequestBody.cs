// Reads request bodies within the size limit: JSON, or the protobuf that newer kubectl sends.
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>Bytes in, an object or a Status out.</summary>
public static class RequestBody
{
    /// <summary>What a real API server takes.</summary>
    public const int Limit = 3 * 1024 * 1024;

    /// <summary>Up to here a body that is too large is read to its end, so that the client sees the answer.</summary>
    public const int DrainLimit = 32 * 1024 * 1024;

    public static string ContentType(HttpContext context) =>
        (context.Request.ContentType ?? "application/json").Split(';')[0].Trim().ToLowerInvariant();

    public static async Task<Result<byte[]>> ReadAsync(HttpContext context)
    {
        try
        {
            using var kept = new MemoryStream();
            var chunk = new byte[16 * 1024];
            long total = 0;
            while (await context.Request.Body.ReadAsync(chunk, context.RequestAborted) is var read and > 0)
            {
                total += read;
                if (total <= Limit)
                {
                    kept.Write(chunk, 0, read);
                }
            }

            return total > Limit ? ApiStatus.TooLarge(Limit) : kept.ToArray();
        }
        catch (BadHttpRequestException failure) when (failure.StatusCode == 413)
        {
            return ApiStatus.TooLarge(Limit);
        }
    }

    /// <summary>One object; an empty body is an empty object.</summary>
    public static async Task<Result<JsonObject>> ReadObjectAsync(HttpContext context)
    {
        if ((await ReadAsync(context)).Failed(out var failure, out var bytes))
        {
            return failure;
        }

        return ContentType(context) switch
        {
            _ when bytes.Length == 0 => new JsonObject(),
            "application/json" => ObjectFields.Parse(bytes),
            ProtobufBody.ContentType => ProtobufBody.Decode(bytes),
            var other => ApiStatus.UnsupportedMediaType($"the body of the request was in an unknown format ({other}) "
                + $"- accepted media types include: application/json, {ProtobufBody.ContentType}"),
        };
    }

    /// <summary>A JSON Patch is the one body that is a list.</summary>
    public static Result<JsonArray> ParseList(byte[] bytes)
    {
        try
        {
            return JsonNode.Parse(bytes, documentOptions: ObjectFields.Strict) is JsonArray list
                ? list
                : ApiStatus.BadRequest("error decoding patch: a JSON patch must be a list of operations");
        }
        catch (JsonException failure)
        {
            return ApiStatus.BadRequest($"error decoding patch: {failure.Message}");
        }
    }
}
