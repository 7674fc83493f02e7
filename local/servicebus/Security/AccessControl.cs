// Checks Shared Access Signatures, for AMQP and for the management API alike.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessEventing.Local.ServiceBus.Security;

/// <summary>A token that was checked: what it covers, what it allows, until when (Unix seconds).</summary>
internal sealed record AccessGrant(string Path, AccessRights Rights, long ExpiresAt)
{
    /// <summary>The whole namespace, for as long as the connection lives.</summary>
    public static AccessGrant Everywhere(AccessRights rights) => new("", rights, long.MaxValue);

    /// <summary>A token for an entity's <c>$management</c> node is one for the entity: SDKs ask for either.</summary>
    public static AccessGrant For(string path, AccessRights rights, long expiresAt)
    {
        const string Node = "/$management";
        return new(path.EndsWith(Node, StringComparison.OrdinalIgnoreCase) ? path[..^Node.Length] : path, rights,
            expiresAt);
    }

    /// <summary>All of the rights, for an entity or a part of it.</summary>
    public bool Covers(string entity, AccessRights rights) => (Rights & rights) == rights && Covers(entity);

    private bool Covers(string entity) =>
        Path.Length == 0
        || entity.Equals(Path, StringComparison.OrdinalIgnoreCase)
        || entity.StartsWith(Path + "/", StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// The namespace's access rules, each with a key. With <paramref name="noAuth"/> every token passes.
/// </summary>
internal sealed class AccessControl(IReadOnlyList<AccessRule> rules, bool noAuth, TimeProvider time)
{
    private const string Scheme = "SharedAccessSignature ";

    public bool Open => noAuth;

    /// <summary>The grant of a token, or null and why it is refused.</summary>
    public AccessGrant? Check(string? token, out string refusal)
    {
        refusal = "";
        if (noAuth)
        {
            return AccessGrant.Everywhere(AccessRights.Manage);
        }

        if (token is null || !token.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            refusal = "A SharedAccessSignature token is required: the emulator knows no other kind.";
            return null;
        }

        var fields = Fields(token[Scheme.Length..]);
        if (!fields.TryGetValue("sr", out var resource)
            || !fields.TryGetValue("sig", out var signature)
            || !fields.TryGetValue("se", out var expiry)
            || !fields.TryGetValue("skn", out var name)
            || !long.TryParse(expiry, NumberStyles.None, CultureInfo.InvariantCulture, out var expiresAt))
        {
            refusal = "The token lacks one of sr, sig, se and skn.";
            return null;
        }

        if (Rule(Uri.UnescapeDataString(name)) is not { } rule
            || !IsSignature(rule.Key, resource, expiry, Uri.UnescapeDataString(signature)))
        {
            refusal = "The token's signature does not match: check the key name and the key.";
            return null;
        }

        if (expiresAt <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            refusal = "The token has expired.";
            return null;
        }

        return AccessGrant.For(PathOf(Uri.UnescapeDataString(resource)), rule.Rights, expiresAt);
    }

    /// <summary>The grant of a rule's name and key; null when they are not right.</summary>
    public AccessGrant? CheckKey(string name, string key)
    {
        if (noAuth)
        {
            return AccessGrant.Everywhere(AccessRights.Manage);
        }

        return Rule(name) is { } rule && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(rule.Key))
                ? AccessGrant.Everywhere(rule.Rights)
                : null;
    }

    public bool IsExpired(AccessGrant grant) => grant.ExpiresAt <= time.GetUtcNow().ToUnixTimeSeconds();

    private AccessRule? Rule(string name) => rules.FirstOrDefault(rule => rule.Name == name);

    private static bool IsSignature(string key, string resource, string expiry, string signature)
    {
        var expected = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{expiry}"));
        return CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Convert.ToBase64String(expected)), Encoding.UTF8.GetBytes(signature));
    }

    private static Dictionary<string, string> Fields(string token)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in token.Split('&'))
        {
            var at = part.IndexOf('=');
            if (at > 0)
            {
                fields[part[..at]] = part[(at + 1)..];
            }
        }

        return fields;
    }

    /// <summary>The entity path of a token's resource: <c>sb://host/a/b?x</c> is <c>a/b</c>.</summary>
    private static string PathOf(string resource)
    {
        var scheme = resource.IndexOf("://", StringComparison.Ordinal);
        var start = scheme < 0 ? 0 : scheme + 3;
        var slash = resource.IndexOf('/', start);
        if (slash < 0)
        {
            return "";
        }

        var path = resource[slash..];
        var query = path.IndexOf('?');
        return (query < 0 ? path : path[..query]).Trim('/');
    }
}
