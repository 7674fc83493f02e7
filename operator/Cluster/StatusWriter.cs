// Writes an object's status when it differs from what is there.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>
/// PUT of the status subresource: first against the version in the cache, then, after a conflict, against the
/// newest one. A status equal to the one there is not written.
/// </summary>
public sealed class StatusWriter(ClusterClient client)
{
    private const int Tries = 4;

    // uid → what was written last and the version that came of it. A server whose schema prunes a field of ours
    // would otherwise look "different" for ever and be written to in a loop.
    private readonly ConcurrentDictionary<string, Written> _written = new();

    /// <summary>The object as it is afterwards; null when it is gone.</summary>
    public async Task<Resource?> WriteAsync(
        ResourceType type, Resource resource, JsonObject status, CancellationToken cancellationToken)
    {
        var hash = Convert.ToBase64String(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(status)));
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (JsonNode.DeepEquals(resource.Status, status)
                || _written.TryGetValue(resource.Uid, out var last)
                    && last.Hash == hash && last.Version == resource.Version)
            {
                return resource;
            }

            var copy = resource.Copy();
            copy["status"] = status.DeepClone();
            var answer = await client.ReplaceAsync(type, copy, "status", cancellationToken);
            if (answer.Object is { } saved)
            {
                _written[resource.Uid] = new Written(hash, saved.Version);
                return saved;
            }

            if (!answer.IsConflict)
            {
                return answer.IsMissing ? null : answer.Require($"Status of {type.Kind} {resource.Key}");
            }

            var newest = (await client.GetAsync(type, resource.Key, cancellationToken)).Object;
            if (newest is null || newest.Uid != resource.Uid)
            {
                return null;
            }

            resource = newest;
        }

        throw new HttpRequestException($"Status of {type.Kind} {resource.Key} keeps changing under our hands.");
    }

    /// <summary>Forgets an object that is gone.</summary>
    public void Forget(string uid) => _written.TryRemove(uid, out _);

    private sealed record Written(string Hash, string Version);
}
