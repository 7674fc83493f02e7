// Makes the objects every cluster has.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Writes;

namespace ServerlessEventing.Local.Kubernetes.Lifecycle;

/// <summary>The namespaces that are there from the start; those of an earlier run stay as they are.</summary>
public static class Bootstrap
{
    public static async Task RunAsync(Catalog catalog, ObjectWriter writer, CancellationToken cancellationToken)
    {
        var namespaces = catalog.Current.Find("", "v1", "namespaces")!;
        foreach (var name in (string[])["default", "kube-system", "kube-public"])
        {
            var body = new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } };
            var result = await writer.CreateAsync(namespaces, "", body, new WriteOptions(), cancellationToken);
            if (result.Failure is { Reason: not "AlreadyExists" } failure)
            {
                throw new InvalidOperationException($"The namespace {name} cannot be made: {failure.Message}");
            }
        }
    }
}
