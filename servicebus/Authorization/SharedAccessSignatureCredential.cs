// Passes on a token that someone else signed.
using System.Globalization;

namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>A ready-made shared access signature; it cannot be renewed.</summary>
internal sealed class SharedAccessSignatureCredential : ServiceBusCredential
{
    private readonly AccessToken token;

    public SharedAccessSignatureCredential(string signature)
    {
        const string expiryField = "&se=";
        var start = signature.IndexOf(expiryField, StringComparison.Ordinal);
        var text = start < 0 ? "" : signature[(start + expiryField.Length)..].Split('&')[0];
        if (!signature.StartsWith("SharedAccessSignature ", StringComparison.Ordinal)
            || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var expiry))
        {
            throw new FormatException(
                "SharedAccessSignature in the connection string must read 'SharedAccessSignature sr=…&sig=…&se=…'.");
        }

        token = new(
            signature, SharedAccessKeyCredential.CbsType, signature, DateTimeOffset.FromUnixTimeSeconds(expiry));
    }

    public override ValueTask<AccessToken> GetTokenAsync(string resource, CancellationToken cancellationToken) =>
        ValueTask.FromResult(token);
}
