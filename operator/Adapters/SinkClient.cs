// Posts events to the sink, one after the other, and tries again what may pass.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ServerlessEventing.Operator.Adapters;

/// <summary>Binary content mode. Tries: 50 ms after the first, twice as long each time, at most 10 s apart.</summary>
internal sealed class SinkClient : IDisposable
{
    /// <summary>Two minutes and a half in all, where Knative gives up after a second and a half.</summary>
    private const int Tries = 22;

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly Uri sink;
    private readonly TimeProvider time;

    public SinkClient(Uri sink, string? caCerts, TimeProvider time)
    {
        this.sink = sink;
        this.time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };
        if (caCerts is not null)
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPem(caCerts);
            handler.SslOptions.RemoteCertificateValidationCallback =
                (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, roots);
        }

        http = new HttpClient(handler) { Timeout = TryTimeout };
    }

    /// <summary>Null when the sink has the event, else what it answered last.</summary>
    public async Task<string?> SendAsync(ChangeEvent cloudEvent, CancellationToken cancellationToken)
    {
        var wait = FirstWait;
        for (var tries = 1; ; tries++)
        {
            var (problem, mayPass) = await TryAsync(cloudEvent, cancellationToken);
            if (problem is null || !mayPass || tries == Tries)
            {
                return problem;
            }

            await Task.Delay(wait, time, cancellationToken);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<(string? Problem, bool MayPass)> TryAsync(
        ChangeEvent cloudEvent, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, sink)
        {
            Content = new ByteArrayContent(cloudEvent.Data),
        };
        foreach (var (name, text) in cloudEvent.Attributes)
        {
            if (name == "datacontenttype")
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(text);
            }
            else
            {
                request.Headers.TryAddWithoutValidation("ce-" + name, Encoded(text));
            }
        }

        try
        {
            using var response = await http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var code = (int)response.StatusCode;
            return response.IsSuccessStatusCode
                ? (null, false)
                : ($"it answered {code}", code >= 500 || response.StatusCode is HttpStatusCode.NotFound
                    or HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests);
        }
        catch (HttpRequestException error)
        {
            return (error.Message, true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"it did not answer within {TryTimeout.TotalSeconds:0} s", true);
        }
    }

    // CloudEvents HTTP Protocol Binding 1.0.2, 3.1.3.2 "HTTP Header Values".
    private static string Encoded(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is > 0x20 and < 0x7f and not '"' and not '%')
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var part in Encoding.UTF8.GetBytes(rune.ToString()))
            {
                encoded.Append('%').Append(part.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    private static bool IsTrusted(
        X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection roots)
    {
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null || chain is null)
        {
            return errors == SslPolicyErrors.None;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in chain.ChainElements)
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return own.Build(leaf);
    }
}
