// Takes our finalizers off every object, for an operator that is gone for good.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator;

/// <summary>
/// Who removes the operator before its objects leaves finalizers that nobody takes off. This does; what the objects had
/// on the bus stays there.
/// </summary>
public static class Detachment
{
    /// <summary>Tells each object it let go, as <c>Kind namespace/name</c>.</summary>
    public static async Task RunAsync(string? kubeconfig, Action<string> told, CancellationToken cancellationToken)
    {
        using var client = ClusterClient.FromKubeconfig(kubeconfig);
        var finalizers = new Finalizers(client);
        foreach (var type in ResourceTypes.Channels.Concat(ResourceTypes.Subscriptions))
        {
            var answer = await client.GetAsync(type.Path(), cancellationToken);
            if (answer.IsMissing)
            {
                continue;
            }

            answer.Require($"List of {type.Plural}");
            foreach (var resource in answer.Body.Items("items").OfType<JsonObject>()
                .Select(item => new Resource(item)).Where(item => item.HasFinalizer(type.Finalizer)))
            {
                await finalizers.RemoveAsync(type, resource, cancellationToken);
                told($"{type.Kind} {resource.Key}");
            }
        }
    }
}
