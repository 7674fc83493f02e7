// Microsoft Entra tokens: one for the whole namespace, kept until a newer one is due.
using Azure.Core;
using Azure.Identity;

namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>
/// Who we are by Microsoft Entra. All entities of a namespace share one token, so it is asked for once and not for each
/// link and request; a newer one is asked for when the credential suggests it, or before the old one ends.
/// </summary>
internal sealed class EntraCredential(TokenCredential credential, TimeProvider timeProvider) : ServiceBusCredential
{
    public const string CbsType = "jwt";

    private static readonly TokenRequestContext Request = new(["https://servicebus.azure.net/.default"]);
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(15);

    private readonly SemaphoreSlim asking = new(1, 1);
    private AccessToken? current;
    private DateTimeOffset renewOn;

    public override async ValueTask<AccessToken> GetTokenAsync(string resource, CancellationToken cancellationToken)
    {
        if (current is { } known && timeProvider.GetUtcNow() < renewOn)
        {
            return known;
        }

        await asking.WaitAsync(cancellationToken);
        try
        {
            return current is { } fresh && timeProvider.GetUtcNow() < renewOn
                ? fresh
                : await AskAsync(cancellationToken);
        }
        finally
        {
            asking.Release();
        }
    }

    private async Task<AccessToken> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var given = await credential.GetTokenAsync(Request, cancellationToken);
            var token = new AccessToken(given.Token, CbsType, $"Bearer {given.Token}", given.ExpiresOn);
            renewOn = RenewOn(given);
            return current = token;
        }
        catch (Exception) when (current?.ExpiresOn > timeProvider.GetUtcNow()
            && !cancellationToken.IsCancellationRequested)
        {
            // The old one still serves; the next caller asks again.
            return current;
        }
        catch (AuthenticationFailedException failure)
        {
            throw new UnauthorizedAccessException(
                $"Microsoft Entra gave no token for Service Bus: {failure.Message.Split('\n')[0].Trim()}", failure);
        }
    }

    // Short tokens are renewed when half their time is over, for they never have a quarter of an hour left.
    private DateTimeOffset RenewOn(Azure.Core.AccessToken given)
    {
        var now = timeProvider.GetUtcNow();
        var half = (given.ExpiresOn - now) / 2;
        var latest = given.ExpiresOn - (half < Margin ? half : Margin);
        return given.RefreshOn is { } suggested && suggested < latest ? suggested : latest;
    }
}
