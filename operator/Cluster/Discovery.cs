// Asks the API server how it serves a kind.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

internal static class Discovery
{
    /// <summary>The kind as served, or null when it is not.</summary>
    public static async Task<ResourceType?> FindAsync(
        ClusterClient client, string apiVersion, string kind, CancellationToken cancellationToken)
    {
        var slash = apiVersion.IndexOf('/');
        var answer = await client.GetAsync(
            slash < 0 ? $"api/{apiVersion}" : $"apis/{apiVersion}", cancellationToken);
        var found = answer.Body.Items("resources").FirstOrDefault(item =>
            item.Text("kind") == kind && item.Text("name")?.Contains('/') == false);
        return found?.NonEmpty("name") is { } plural
            ? new ResourceType(
                slash < 0 ? "" : apiVersion[..slash],
                slash < 0 ? apiVersion : apiVersion[(slash + 1)..],
                plural,
                kind,
                Namespaced: found.At("namespaced")?.ToJsonString() != "false")
            : null;
    }
}
