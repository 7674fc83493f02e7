// HTTP clients for subscribers: one for all, and one for each set of extra certificates a destination names.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>Pooled clients that follow no redirects, keep no cookies and unpack nothing.</summary>
internal sealed class TrustedClients(EgressSafety safety) : IDisposable
{
    private const int MaxResponseHeaderKilobytes = 64;
    private const int MaxClients = 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    private readonly HttpMessageInvoker system = Create(null, safety);
    private readonly ConcurrentDictionary<string, HttpMessageInvoker> byCertificates = new(StringComparer.Ordinal);

    /// <summary>The client for a destination with these PEM certificates, or with none of its own.</summary>
    public HttpMessageInvoker For(string? caCerts)
    {
        if (string.IsNullOrEmpty(caCerts))
        {
            return system;
        }

        if (byCertificates.TryGetValue(caCerts, out var client))
        {
            return client;
        }

        if (byCertificates.Count >= MaxClients)
        {
            // Bundles rotate; the ones in use are made again at once. Old clients end with their connections.
            byCertificates.Clear();
        }

        return byCertificates.GetOrAdd(caCerts, static (pem, safety) => Create(pem, safety), safety);
    }

    public void Dispose()
    {
        system.Dispose();
        foreach (var client in byCertificates.Values)
        {
            client.Dispose();
        }
    }

    private static HttpMessageInvoker Create(string? caCerts, EgressSafety safety) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = ConnectTimeout,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = ConnectionLifetime,
        MaxResponseHeadersLength = MaxResponseHeaderKilobytes,
        ActivityHeadersPropagator = null,
        ConnectCallback = (context, cancellationToken) => safety.ConnectAsync(context.DnsEndPoint, cancellationToken),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = caCerts is null ? null : Validator(caCerts),
        },
    });

    // Trusts what the system trusts, and besides that what chains up to the given certificates.
    private static RemoteCertificateValidationCallback Validator(string caCerts)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(caCerts);
        }
        catch (CryptographicException)
        {
            // Not certificates: only the system's stay trusted, and the failed call tells the rest.
        }

        return (_, certificate, presented, errors) =>
        {
            if (errors == SslPolicyErrors.None)
            {
                return true;
            }

            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
            {
                return false;
            }

            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.ExtraStore.AddRange(
                presented?.ChainElements.Select(element => element.Certificate).ToArray() ?? []);

            return chain.Build(leaf);
        };
    }
}
