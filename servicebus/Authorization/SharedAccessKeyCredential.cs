// Signs tokens with a shared access key (HMAC-SHA256).
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>A rule's name and key.</summary>
internal sealed class SharedAccessKeyCredential(string keyName, string key, TimeProvider timeProvider)
    : ServiceBusCredential
{
    public const string CbsType = "servicebus.windows.net:sastoken";

    private static readonly TimeSpan Validity = TimeSpan.FromHours(1);

    private readonly byte[] keyBytes = Encoding.UTF8.GetBytes(key);

    public override ValueTask<AccessToken> GetTokenAsync(string resource, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var expiresOn = timeProvider.GetUtcNow() + Validity;
        var token = Sign(resource, expiresOn);
        return ValueTask.FromResult(new AccessToken(token, CbsType, token, expiresOn));
    }

    private string Sign(string resource, DateTimeOffset expiresOn)
    {
        // The service compares the resource in lower case; the signature covers it as encoded.
        var encoded = Uri.EscapeDataString(resource.ToLowerInvariant());
        var expiry = expiresOn.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var hash = HMACSHA256.HashData(keyBytes, Encoding.UTF8.GetBytes($"{encoded}\n{expiry}"));
        var signature = Uri.EscapeDataString(Convert.ToBase64String(hash));
        return $"SharedAccessSignature sr={encoded}&sig={signature}&se={expiry}&skn={Uri.EscapeDataString(keyName)}";
    }
}
