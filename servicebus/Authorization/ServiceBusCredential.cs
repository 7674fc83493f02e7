// Who we are to the bus; the seam behind which key, ready-made signature and Entra identity look the same.
using Azure.Core;

namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>Gives a token for one resource.</summary>
internal abstract class ServiceBusCredential
{
    /// <summary>A token for <paramref name="resource"/>, an absolute URI such as <c>sb://host/queue</c>.</summary>
    public abstract ValueTask<AccessToken> GetTokenAsync(string resource, CancellationToken cancellationToken);

    /// <summary>The credential that was given, otherwise the one that a connection string holds.</summary>
    public static ServiceBusCredential From(
        ServiceBusConnectionStringProperties properties, TokenCredential? given, TimeProvider timeProvider) =>
        (given ?? properties.Identity?.ToTokenCredential(), properties.SharedAccessSignature) switch
        {
            ({ } entra, _) => new EntraCredential(entra, timeProvider),
            (_, { } signature) => new SharedAccessSignatureCredential(signature),
            _ => new SharedAccessKeyCredential(
                properties.SharedAccessKeyName!, properties.SharedAccessKey!, timeProvider),
        };
}
