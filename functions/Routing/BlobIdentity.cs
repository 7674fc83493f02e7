// Reads a routing table that lies in a blob by the app's own Microsoft Entra identity.
using System.Net.Http.Headers;
using Azure.Core;

namespace ServerlessEventing.Functions.Routing;

/// <summary>
/// Azure.Identity keeps tokens and renews them. Source: "Authorize with Microsoft Entra ID" of the Blob service REST
/// API, which asks for a version from 2017-11-09 on.
/// </summary>
internal sealed class BlobIdentity(TokenCredential identity, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string ApiVersion = "2021-12-02";

    private static readonly TokenRequestContext Storage = new(["https://storage.azure.com/.default"]);

    /// <summary>Whether the address is a blob without a SAS of its own.</summary>
    public static bool IsFor(Uri address) =>
        address.Scheme == Uri.UriSchemeHttps
        && address.Host.Contains(".blob.core.", StringComparison.OrdinalIgnoreCase)
        && !address.Query.Contains("sig=", StringComparison.Ordinal);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var token = await identity.GetTokenAsync(Storage, cancellationToken);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        }
        catch (Azure.Identity.AuthenticationFailedException failure)
        {
            throw new HttpRequestException(failure.Message, failure);
        }

        request.Headers.TryAddWithoutValidation("x-ms-version", ApiVersion);
        return await base.SendAsync(request, cancellationToken);
    }
}
