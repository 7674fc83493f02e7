// Whether the one a request is made for may do what it asks.
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Access;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>
/// The token is the administrator's, who may do everything; with the headers of impersonation (<c>kubectl --as</c>)
/// a request has the rights of whom it names.
/// </summary>
public sealed class RequestAccess(Roles roles)
{
    private const string UserHeader = "Impersonate-User";
    private const string GroupHeader = "Impersonate-Group";

    public Roles Roles => roles;

    public static Requester WhoAsks(HttpContext context) =>
        context.Request.Headers[UserHeader].ToString() is { Length: > 0 } user
            ? Requester.ActedAs(user, context.Request.Headers[GroupHeader].OfType<string>())
            : Requester.Administrator;

    /// <summary>Null when it may, else the 403.</summary>
    public ApiStatus? Refusal(HttpContext context, ApiTarget target, bool isWatch)
    {
        var who = WhoAsks(context);
        var resource = target.Subresource.Length > 0
            ? $"{target.Type.Plural}/{target.Subresource}"
            : target.Type.Plural;
        var what = new AccessRequest(
            Verb(context.Request.Method, target, isWatch), target.Type.Group, resource,
            target.Type.IsNamespace ? target.Name : target.Namespace, target.Name);
        return roles.Allow(who, what) ? null : what.Refuse(who);
    }

    private static string Verb(string method, ApiTarget target, bool isWatch) => method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => target.Name.Length > 0 ? "delete" : "deletecollection",
        _ => isWatch ? "watch" : target.Name.Length > 0 ? "get" : "list",
    };
}
