// Adds and removes our finalizer on an object.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>
/// Finalizers are a list, and a merge patch replaces lists whole; so the patch carries the version it was made from,
/// and a conflict reads again and retries at once. A deletion never waits for a back-off because of a race.
/// </summary>
public sealed class Finalizers(ClusterClient client)
{
    private const int Tries = 10;

    public Task<Resource?> AddAsync(ResourceType type, Resource resource, CancellationToken cancellationToken) =>
        ChangeAsync(type, resource, add: true, cancellationToken);

    public Task<Resource?> RemoveAsync(ResourceType type, Resource resource, CancellationToken cancellationToken) =>
        ChangeAsync(type, resource, add: false, cancellationToken);

    private async Task<Resource?> ChangeAsync(
        ResourceType type, Resource resource, bool add, CancellationToken cancellationToken)
    {
        var uid = resource.Uid;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (resource.HasFinalizer(type.Finalizer) == add)
            {
                return resource;
            }

            var finalizers = new JsonArray(resource.Json.Items("metadata", "finalizers")
                .Where(item => item.Text() != type.Finalizer)
                .Select(item => item.DeepClone())
                .Concat(add ? [JsonValue.Create(type.Finalizer)] : [])
                .ToArray());
            var answer = await client.PatchAsync(
                type,
                resource.Key,
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["resourceVersion"] = resource.Version,
                        ["finalizers"] = finalizers,
                    },
                },
                cancellationToken);
            if (answer.Object is { } saved)
            {
                return saved;
            }

            if (!answer.IsConflict)
            {
                return answer.IsMissing ? null : answer.Require($"Finalizer of {type.Kind} {resource.Key}");
            }

            var newest = (await client.GetAsync(type, resource.Key, cancellationToken)).Object;
            if (newest is null || newest.Uid != uid)
            {
                return null;
            }

            resource = newest;
        }

        throw new HttpRequestException($"Finalizers of {type.Kind} {resource.Key} keep changing under our hands.");
    }
}
