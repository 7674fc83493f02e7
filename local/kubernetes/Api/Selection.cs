// Which objects a list or a watch is about.
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>Namespace, name, labels and fields; all must fit.</summary>
public sealed record Selection(ResourceType Type, string? Namespace, string Name, LabelSelector Labels,
    FieldSelector Fields)
{
    public static Result<Selection> Parse(IQueryCollection query, ApiTarget target)
    {
        if (LabelSelector.Parse(query["labelSelector"].ToString()).Failed(out var failure, out var labels)
            || FieldSelector.Parse(query["fieldSelector"].ToString(), target.Type.FieldLabels, target.Type.IsCustom)
                .Failed(out failure, out var fields))
        {
            return failure;
        }

        var @namespace = target.Type.Namespaced && target.Namespace.Length > 0 ? target.Namespace : null;
        return new Selection(target.Type, @namespace, target.Name, labels, fields);
    }

    public bool Matches(StoredObject stored) =>
        (Namespace is null || stored.Key.Namespace == Namespace)
        && (Name.Length == 0 || stored.Key.Name == Name)
        && Labels.Matches(stored.Labels)
        && Fields.Matches(stored.Key.Namespace, stored.Key.Name, () => VersionConversion.FromStorage(Type, stored));
}
