// The certificate authority, server certificate and token of one data folder: made once, kept for good.
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ServerlessEventing.Local.Kubernetes.Identity;

/// <summary>Kept in files only their owner can read, so that a kubeconfig stays good across restarts.</summary>
public sealed class ServerIdentity
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);

    private readonly byte[] expectedHeader;

    private ServerIdentity(string authorityPem, X509Certificate2 certificate, string token)
    {
        AuthorityPem = authorityPem;
        Certificate = certificate;
        Token = token;
        expectedHeader = System.Text.Encoding.UTF8.GetBytes($"Bearer {token}");
    }

    /// <summary>What a client must trust.</summary>
    public string AuthorityPem { get; }

    public X509Certificate2 Certificate { get; }

    public string Token { get; }

    public static ServerIdentity LoadOrCreate(string folder, TimeProvider time)
    {
        var authority = Path.Combine(folder, "ca.crt");
        var certificate = Path.Combine(folder, "server.pem");
        var token = Path.Combine(folder, "token");
        if (!File.Exists(authority) || !File.Exists(certificate) || !File.Exists(token))
        {
            var (authorityPem, serverPem) = Issue(time.GetUtcNow());
            PrivateFile.Write(authority, authorityPem);
            PrivateFile.Write(certificate, serverPem);
            PrivateFile.Write(token, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        }

        var pem = File.ReadAllText(certificate);
        using var parsed = X509Certificate2.CreateFromPem(pem, pem);
        // Through PKCS 12, or SChannel cannot use the key.
        var usable = X509CertificateLoader.LoadPkcs12(parsed.Export(X509ContentType.Pfx), null);
        return new ServerIdentity(File.ReadAllText(authority), usable, File.ReadAllText(token).Trim());
    }

    /// <summary>Compares in constant time.</summary>
    public bool IsAuthorized(string? header) => CryptographicOperations.FixedTimeEquals(
        System.Text.Encoding.UTF8.GetBytes(header ?? ""), expectedHeader);

    /// <summary>A client that trusts this authority and no other, and bears the token.</summary>
    public HttpClient CreateClient(Uri server)
    {
        var trust = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        trust.CustomTrustStore.Add(X509Certificate2.CreateFromPem(AuthorityPem));
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = trust;
        return new HttpClient(handler)
        {
            BaseAddress = server,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
        };
    }

    private static (string Authority, string Server) Issue(DateTimeOffset now)
    {
        var from = now.AddDays(-1);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest(
            "CN=local-kubernetes-ca", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        authorityRequest.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        var identifier = new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, false);
        authorityRequest.CertificateExtensions.Add(identifier);
        using var authority = authorityRequest.CreateSelfSigned(from, now + Lifetime);

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=local-kubernetes", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName("kubernetes.default.svc");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        using var server = request.Create(
            authority, from, now + Lifetime - TimeSpan.FromDays(1), RandomNumberGenerator.GetBytes(16));
        return (authority.ExportCertificatePem(),
            server.ExportCertificatePem() + "\n" + serverKey.ExportPkcs8PrivateKeyPem());
    }
}
