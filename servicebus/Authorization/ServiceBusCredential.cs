// Who we are to the bus; the seam behind which key, ready-made signature and, later, Entra identity look the same.
namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>Gives a token for one resource.</summary>
internal abstract class ServiceBusCredential
{
    /// <summary>A token for <paramref name="resource"/>, an absolute URI such as <c>sb://host/queue</c>.</summary>
    public abstract ValueTask<AccessToken> GetTokenAsync(string resource, CancellationToken cancellationToken);

    /// <summary>The credential that a connection string holds.</summary>
    public static ServiceBusCredential From(
        ServiceBusConnectionStringProperties properties, TimeProvider timeProvider) =>
        properties.SharedAccessSignature is { } signature
            ? new SharedAccessSignatureCredential(signature)
            : new SharedAccessKeyCredential(
                properties.SharedAccessKeyName!, properties.SharedAccessKey!, timeProvider);
}
