// One page of a list: limit and continue.
using System.Text;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>Pages go on after the last key, over the present state: what has changed shows as it is now.</summary>
public sealed record Page(IReadOnlyList<StoredObject> Objects, string Continue, long Remaining)
{
    public static Result<Page> Of(
        IQueryCollection query, IReadOnlyList<StoredObject> objects, Selection selection, long version)
    {
        if (ReadParameters.Parse(query, version).Failed(out var failure, out var given))
        {
            return failure;
        }

        if (given.Exact && given.Version != version)
        {
            return ApiStatus.Expired(
                $"The provided resource version is too old: only the present one ({version}) is kept");
        }

        var from = default(ObjectKey?);
        var token = query["continue"].ToString();
        if (token.Length > 0)
        {
            from = Decode(token, selection.Type.StorageName);
            if (from is null)
            {
                return ApiStatus.BadRequest("continue key is not valid");
            }
        }

        var matching = objects
            .Where(stored => (from is null || stored.Key.CompareTo(from.Value) > 0) && selection.Matches(stored));
        if (given.Limit == 0)
        {
            return new Page([.. matching], "", 0);
        }

        var all = matching.ToList();
        return all.Count <= given.Limit
            ? new Page(all, "", 0)
            : new Page(all.GetRange(0, given.Limit), Encode(all[given.Limit - 1].Key), all.Count - given.Limit);
    }

    private static string Encode(ObjectKey key) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{key.Namespace}\n{key.Name}"));

    private static ObjectKey? Decode(string token, string resource)
    {
        var bytes = new byte[token.Length];
        if (!Convert.TryFromBase64String(token, bytes, out var length))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(bytes, 0, length).Split('\n');
        return parts.Length == 2 ? new ObjectKey(resource, parts[0], parts[1]) : null;
    }
}
