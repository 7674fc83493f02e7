// A key and what its holder may do: Azure's shared access policy of a namespace.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Local.ServiceBus.Security;

/// <summary>Azure's three claims; to manage is to send and listen as well.</summary>
[Flags]
public enum AccessRights
{
    None = 0,
    Send = 1,
    Listen = 2,
    Manage = 4 | Send | Listen,
}

/// <summary>The name is public, the key is the secret.</summary>
public sealed record AccessRule(string Name, string Key, AccessRights Rights)
{
    /// <summary>Reads <c>name=key:send,listen</c>; the key is all between the first = and the last colon.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AccessRule? rule)
    {
        rule = null;
        var (equals, colon) = (text.IndexOf('='), text.LastIndexOf(':'));
        if (equals < 1 || colon < equals + 2)
        {
            return false;
        }

        var rights = AccessRights.None;
        foreach (var word in text[(colon + 1)..].Split(','))
        {
            if (!char.IsAsciiLetter(word.FirstOrDefault()) || !Enum.TryParse<AccessRights>(word, true, out var right))
            {
                return false;
            }

            rights |= right;
        }

        rule = new AccessRule(text[..equals], text[(equals + 1)..colon], rights);
        return rights != AccessRights.None;
    }

    /// <summary>Without the key: rules may end up in logs.</summary>
    public override string ToString() => $"{Name} ({Rights})";
}
