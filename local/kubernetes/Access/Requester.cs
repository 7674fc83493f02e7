// Who a request is made for: the token's own administrator, or whom it says it acts as.
namespace ServerlessEventing.Local.Kubernetes.Access;

/// <summary>A user and its groups, as a real server's authenticators would tell them.</summary>
public sealed record Requester(string User, IReadOnlyList<string> Groups)
{
    private const string ServiceAccountPrefix = "system:serviceaccount:";
    private const string Masters = "system:masters";
    private const string Authenticated = "system:authenticated";

    /// <summary>Who holds the token of the kubeconfig.</summary>
    public static readonly Requester Administrator = new("kubernetes-admin", [Masters, Authenticated]);

    /// <summary>May do everything, whatever the roles say.</summary>
    public bool IsMaster => Groups.Contains(Masters);

    /// <summary>Namespace and name when it is a service account.</summary>
    public (string Namespace, string Name)? ServiceAccount =>
        User.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal)
        && User[ServiceAccountPrefix.Length..].Split(':') is [var @namespace, var name]
            ? (@namespace, name)
            : null;

    /// <summary>A user who is acted as (<c>kubectl --as</c>), in the groups its sort is always in.</summary>
    public static Requester ActedAs(string user, IEnumerable<string> groups)
    {
        var plain = new Requester(user, []);
        string[] own = plain.ServiceAccount is { } account
            ? ["system:serviceaccounts", $"system:serviceaccounts:{account.Namespace}", Authenticated]
            : [Authenticated];
        return plain with { Groups = [.. groups.Concat(own).Distinct()] };
    }
}
