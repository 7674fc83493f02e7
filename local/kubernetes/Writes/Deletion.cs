// Deletes an object, or marks it deleted where finalizers or contents hold it.
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>The rules of deletion, run inside a write.</summary>
public static class Deletion
{
    /// <summary>The last state when the object is gone, its new state when something still holds it.</summary>
    public static Result<StoredObject> Run(
        Transaction transaction, ResourceType type, string @namespace, string name, DeleteOptions options,
        DateTimeOffset now)
    {
        if (transaction.Find(type.Key(@namespace, name)) is not { } stored)
        {
            return type.NotFound(name);
        }

        if (Refused(type, stored, options) is { } failure)
        {
            return failure;
        }

        transaction.Discard = options.DryRun;
        var body = stored.Body();
        var finalizers = Finalizers(type, body, options);
        if (finalizers.Count == 0 && !type.IsNamespace)
        {
            return transaction.Remove(stored);
        }

        body.SetFinalizers(finalizers);
        if (!body.IsTerminating)
        {
            body.Metadata["deletionTimestamp"] = Timestamp(now);
            body.Metadata["deletionGracePeriodSeconds"] = 0L;
            if (body.Generation > 0)
            {
                body.Metadata["generation"] = body.Generation + 1;
            }
        }

        if (type.IsNamespace)
        {
            body.Child("status")["phase"] = "Terminating";
        }

        return transaction.Put(stored.Key, body);
    }

    public static string Timestamp(DateTimeOffset now) =>
        now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static ApiStatus? Refused(ResourceType type, StoredObject stored, DeleteOptions options)
    {
        var name = stored.Key.Name;
        if (options.Uid.Length > 0 && options.Uid != stored.Uid)
        {
            return ApiStatus.Conflict(type.Group, type.Kind, name, $"the UID in the precondition ({options.Uid}) does "
                + $"not match the UID in record ({stored.Uid}). The object might have been deleted and then recreated");
        }

        if (options.ResourceVersion.Length > 0 && options.ResourceVersion != $"{stored.ResourceVersion}")
        {
            return ApiStatus.Conflict(type.Group, type.Kind, name,
                $"the ResourceVersion in the precondition ({options.ResourceVersion}) does not match the "
                + $"ResourceVersion in record ({stored.ResourceVersion}). The object might have been modified");
        }

        return type.IsNamespace && name is "default" or "kube-system" or "kube-public"
            ? ApiStatus.Forbidden("", type.Plural, name, "this namespace may not be deleted")
            : null;
    }

    private static List<string> Finalizers(ResourceType type, JsonObject body, DeleteOptions options)
    {
        var finalizers = body.Finalizers.ToList();
        void Add(string name)
        {
            if (!finalizers.Contains(name))
            {
                finalizers.Add(name);
            }
        }

        if (type.IsCrd)
        {
            Add(DeleteOptions.CrdFinalizer);
        }
        else if (options.Propagation == "Foreground")
        {
            Add(DeleteOptions.ForegroundFinalizer);
        }
        else if (options.Propagation == "Orphan")
        {
            Add(DeleteOptions.OrphanFinalizer);
        }

        return finalizers;
    }
}
