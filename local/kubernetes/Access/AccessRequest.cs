// What somebody wants to do, in the words of a role.
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Access;

/// <summary>A verb on a resource; an empty namespace is the cluster, an empty name is all of them.</summary>
public sealed record AccessRequest(string Verb, string Group, string Resource, string Namespace, string Name)
{
    /// <summary>The 403 of a real server.</summary>
    public ApiStatus Refuse(Requester who)
    {
        var what = ApiStatus.Qualified(Resource.Split('/')[0], Group) + (Name.Length > 0 ? $" \"{Name}\"" : "");
        var where = Namespace.Length > 0 ? $"in the namespace \"{Namespace}\"" : "at the cluster scope";
        return new ApiStatus
        {
            Code = 403,
            Reason = "Forbidden",
            Message = $"{what} is forbidden: User \"{who.User}\" cannot {Verb} resource \"{Resource}\" in API group "
                + $"\"{Group}\" {where}",
            Name = Name,
            Group = Group,
            Kind = Resource.Split('/')[0],
        };
    }
}
