// Speaks the management API: requests, retries, and what its answers mean.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using ServerlessEventing.ServiceBus.Authorization;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>HTTP with ATOM bodies, to one namespace.</summary>
internal sealed class AtomClient(Uri endpoint, Uri resource, ServiceBusCredential credential, RetryPolicy retry)
{
    private const string ApiVersion = "2021-05";
    private const string EntryType = "application/atom+xml";
    private const int MaxAnswerBytes = 16 * 1024 * 1024;
    private const int MaxDetail = 2048;
    private const int PageSize = 100;

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(1);

    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(15),
        UseProxy = true,
        AllowAutoRedirect = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    public Uri Resource => resource;

    public async Task<AtomEntry> GetAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

        // A queue or topic that is not there is answered with 200 and a feed of nothing, the others with 404.
        return AtomEntry.ReadAll(answer) is [var entry] && answer.Name == AtomNames.Atom + "entry"
            ? entry
            : throw NotFound(path);
    }

    public async IAsyncEnumerable<AtomEntry> ListAsync(
        string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var skip = 0; ; skip += PageSize)
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"&$skip={skip}&$top={PageSize}");
            var answer = await SendAsync(HttpMethod.Get, path, query, null, cancellationToken);
            var entries = answer.Name == AtomNames.Atom + "feed" ? AtomEntry.ReadAll(answer) : [];
            foreach (var entry in entries)
            {
                yield return entry;
            }

            if (entries.Count < PageSize)
            {
                yield break;
            }
        }
    }

    public async Task<AtomEntry> PutAsync(
        string path,
        XElement description,
        bool isUpdate,
        (string? ForwardTo, string? DeadLetterTo) forwarding,
        CancellationToken cancellationToken)
    {
        var put = new Put(description, isUpdate, forwarding.ForwardTo, forwarding.DeadLetterTo);
        var answer = await SendAsync(HttpMethod.Put, path, null, put, cancellationToken);
        return AtomEntry.ReadAll(answer) is [var entry, ..]
            ? entry
            : throw new ServiceBusException(false, "The answer to the change holds no entry", path);
    }

    public Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, null, null, cancellationToken);

    public static string Escape(string path) => string.Join(
        '/', path.Split('/').Select(part => part.StartsWith('$') ? part : Uri.EscapeDataString(part)));

    private Task<XElement> SendAsync(
        HttpMethod method, string path, string? query, Put? put, CancellationToken cancellationToken) => retry.RunAsync(
            path,
            (Self: this, method, path, query, put),
            static (state, ct) => state.Self.TrySendAsync(state.method, state.path, state.query, state.put, ct),
            cancellationToken);

    private async Task<XElement> TrySendAsync(
        HttpMethod method, string path, string? query, Put? put, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(retry.TryTimeout);
        try
        {
            using var request = await RequestAsync(method, path, query, put, timeout.Token);
            using var response = await Http.SendAsync(request, timeout.Token);
            var body = await response.Content.ReadAsStringAsync(timeout.Token);
            if (response.IsSuccessStatusCode)
            {
                return body.Length > 0 ? Parse(body, path) : new XElement(AtomNames.Atom + "feed");
            }

            await HonourAsync(response.Headers.RetryAfter, timeout.Token);
            throw Failure(response.StatusCode, body, path, isDelete: method == HttpMethod.Delete, put);
        }
        catch (HttpRequestException exception)
        {
            throw new ServiceBusException(
                $"The management endpoint {endpoint.Authority} could not be reached: {exception.Message}",
                ServiceBusFailureReason.ServiceCommunicationProblem,
                path,
                exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServiceBusException(
                "No answer in time", ServiceBusFailureReason.ServiceTimeout, path, exception);
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(
        HttpMethod method, string path, string? query, Put? put, CancellationToken cancellationToken)
    {
        var address = new Uri(endpoint, $"/{Escape(path)}?api-version={ApiVersion}{query}");
        var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("Authorization", await TokenAsync(path, cancellationToken));
        if (put is null)
        {
            return request;
        }

        var entry = new XElement(
            AtomNames.Atom + "entry",
            new XElement(AtomNames.Atom + "content", new XAttribute("type", "application/xml"), put.Description));
        request.Content = new StringContent(entry.ToString(SaveOptions.DisableFormatting), Encoding.UTF8);
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse($"{EntryType};type=entry;charset=utf-8");
        if (put.IsUpdate)
        {
            request.Headers.TryAddWithoutValidation("If-Match", "*");
        }

        // Forwarding needs the right to send there; the service checks that with tokens of their own.
        if (put.ForwardTo is { } forwardTo)
        {
            request.Headers.TryAddWithoutValidation(
                "ServiceBusSupplementaryAuthorization", await TokenAsync(forwardTo, cancellationToken));
        }

        if (put.DeadLetterTo is { } deadLetterTo)
        {
            request.Headers.TryAddWithoutValidation(
                "ServiceBusDlqSupplementaryAuthorization", await TokenAsync(deadLetterTo, cancellationToken));
        }

        return request;
    }

    private async ValueTask<string> TokenAsync(string path, CancellationToken cancellationToken)
    {
        var address = new Uri(resource, "/" + Escape(path)).AbsoluteUri;
        return (await credential.GetTokenAsync(address, cancellationToken)).HeaderValue;
    }

    private async Task HonourAsync(RetryConditionHeaderValue? retryAfter, CancellationToken cancellationToken)
    {
        if (retryAfter?.Delta is { } delta && delta > TimeSpan.Zero)
        {
            await retry.WaitAsync(delta < LongestPatience ? delta : LongestPatience, cancellationToken);
        }
    }

    private static XElement Parse(string body, string path)
    {
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(body), new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XElement.Load(reader);
        }
        catch (XmlException exception)
        {
            throw new ServiceBusException(
                false, $"The answer is not XML: {exception.Message}", path, innerException: exception);
        }
    }

    private static Exception Failure(HttpStatusCode status, string body, string path, bool isDelete, Put? put)
    {
        var detail = Detail(body) ?? $"HTTP {(int)status}";
        switch (status)
        {
            case HttpStatusCode.NotFound:
                return NotFound(path, detail);
            case HttpStatusCode.Conflict when isDelete || put is { IsUpdate: true }
                || detail.Contains("SubCode=40901", StringComparison.OrdinalIgnoreCase)
                || detail.Contains("conflicting operation", StringComparison.OrdinalIgnoreCase):
                return new ServiceBusException(true, detail, path);
            case HttpStatusCode.Conflict:
                return new ServiceBusException(
                    detail, ServiceBusFailureReason.MessagingEntityAlreadyExists, path);
            case HttpStatusCode.Unauthorized:
                return new UnauthorizedAccessException(detail);
            case HttpStatusCode.Forbidden when detail.Contains("SubCode=40301", StringComparison.OrdinalIgnoreCase):
                return new InvalidOperationException(detail);
            case HttpStatusCode.Forbidden:
                return new ServiceBusException(detail, ServiceBusFailureReason.QuotaExceeded, path);
            case HttpStatusCode.BadRequest:
                return new ArgumentException($"{path}: {detail}");
            case HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout:
                return new ServiceBusException(detail, ServiceBusFailureReason.ServiceTimeout, path);
            case HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable:
                return new ServiceBusException(detail, ServiceBusFailureReason.ServiceBusy, path);
            default:
                return new ServiceBusException((int)status >= 500, detail, path);
        }
    }

    private static ServiceBusException NotFound(string path, string? detail = null) => new(
        detail ?? $"The messaging entity '{path}' could not be found",
        ServiceBusFailureReason.MessagingEntityNotFound,
        path);

    private static string? Detail(string body)
    {
        try
        {
            var text = body.Length > 0 ? XElement.Parse(body).Element("Detail")?.Value ?? body : null;
            return text?.Length > MaxDetail ? text[..MaxDetail] : text;
        }
        catch (XmlException)
        {
            return body.Length > MaxDetail ? body[..MaxDetail] : body;
        }
    }

    private sealed record Put(XElement Description, bool IsUpdate, string? ForwardTo, string? DeadLetterTo);
}
