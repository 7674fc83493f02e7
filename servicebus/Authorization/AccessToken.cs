// A token for the bus, and how long it holds.
namespace ServerlessEventing.ServiceBus.Authorization;

/// <summary>A token as $cbs and the Authorization header want it.</summary>
/// <param name="Value">The token; a secret, never logged.</param>
/// <param name="CbsType">The token's type in a put-token request.</param>
/// <param name="HeaderValue">The token as the value of an Authorization header.</param>
/// <param name="ExpiresOn">When the service stops taking it.</param>
internal sealed record AccessToken(string Value, string CbsType, string HeaderValue, DateTimeOffset ExpiresOn)
{
    public override string ToString() => $"{CbsType}, expires {ExpiresOn:u}";
}
