// GET /routing: the table, with ETag and long poll.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ServerlessEventing.Operator.Routing;

/// <summary>
/// <code>
///   GET /routing                 If-None-Match: "41"   Prefer: wait=30   X-Eventing-Instance: handler-1
///   newer there or coming        200, ETag: "42", the table, packed when Accept-Encoding has gzip
///   nothing new after the wait   304
///   wrong or no bearer token     401, when there is one to know
///   no table yet                 503
/// </code>
/// The If-None-Match of an instance is what it has loaded.
/// </summary>
public sealed class RoutingEndpoint(string? token, TimeProvider time)
{
    public const string InstanceHeader = "X-Eventing-Instance";
    private const int MaxWait = 120;

    private readonly byte[]? _expected = token is null ? null : Hash($"Bearer {token}");

    /// <summary>Whether the request may see the table; answers 401 where not.</summary>
    public bool Admits(HttpContext context)
    {
        // Hashes have one length, so comparing them tells nothing about how much of a guess was right.
        if (_expected is null || CryptographicOperations.FixedTimeEquals(
            _expected, Hash(context.Request.Headers.Authorization.ToString())))
        {
            return true;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return false;
    }

    public async Task AnswerAsync(HttpContext context, RoutingSource source)
    {
        var (publisher, barrier) = source;
        var loaded = Generation(context.Request.Headers.IfNoneMatch.ToString());
        var instance = context.Request.Headers[InstanceHeader].ToString();
        instance = instance.Length is > 0 and <= 200 ? instance : "";
        if (instance.Length > 0)
        {
            barrier.PollBegins(instance, loaded ?? 0);
        }

        try
        {
            var table = await NewerThanAsync(loaded, Wait(context.Request), publisher, time, context.RequestAborted);
            context.Response.Headers.CacheControl = "no-cache";
            if (table is null)
            {
                context.Response.StatusCode = publisher.Current is null
                    ? StatusCodes.Status503ServiceUnavailable
                    : StatusCodes.Status304NotModified;
                return;
            }

            await WriteAsync(context, table);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The instance hung up; its next poll says what it has.
        }
        finally
        {
            if (instance.Length > 0)
            {
                barrier.PollEnds(instance);
            }
        }
    }

    private static async Task WriteAsync(HttpContext context, RoutingSnapshot table)
    {
        var packed = context.Request.Headers.AcceptEncoding.Any(value =>
            value?.Contains("gzip", StringComparison.OrdinalIgnoreCase) == true);
        context.Response.Headers.Vary = "Accept-Encoding";
        context.Response.Headers.ETag = $"\"{table.Generation.ToString(CultureInfo.InvariantCulture)}\"";
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = packed ? table.Packed.Length : table.Length;
        if (packed)
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(table.Packed, context.RequestAborted);
            return;
        }

        await using var document = table.Open();
        await document.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static async Task<RoutingSnapshot?> NewerThanAsync(
        long? loaded, TimeSpan wait, RoutingPublisher publisher, TimeProvider time, CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() + wait;
        while (true)
        {
            var current = publisher.Current;
            if (current is not null && current.Snapshot.Generation != loaded)
            {
                return current.Snapshot;
            }

            var left = until - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await (current?.Superseded ?? publisher.First).WaitAsync(left, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    private static long? Generation(string etag) =>
        EntityTagHeaderValue.TryParse(etag, out var value)
        && long.TryParse(value.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    // RFC 7240: `Prefer: wait=30`, maybe among others.
    private static TimeSpan Wait(HttpRequest request)
    {
        foreach (var preference in request.Headers["Prefer"].SelectMany(value => (value ?? "").Split(',')))
        {
            var parts = preference.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length == 2 && parts[0].Equals("wait", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return TimeSpan.FromSeconds(Math.Min(seconds, MaxWait));
            }
        }

        return TimeSpan.Zero;
    }
}
