// What a Deployment wants its Pods to be, and whether they can run here.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Rollouts;

/// <summary>The template of a Deployment with an image of the table for each container, or why not.</summary>
internal sealed class PodTemplate
{
    private readonly JsonObject deployment;

    private PodTemplate(JsonObject deployment) => this.deployment = deployment;

    /// <summary>Differs as soon as anything in the template does.</summary>
    public required string Hash { get; init; }

    /// <summary>Why it cannot run here; null when it can.</summary>
    public required (string Reason, string Message)? Problem { get; init; }

    /// <summary>One for each container.</summary>
    public required IReadOnlyList<LocalImage> Images { get; init; }

    public static PodTemplate Read(JsonObject deployment, IReadOnlyList<LocalImage> table)
    {
        var template = deployment.At("spec", "template");
        var containers = template.Objects("spec", "containers");
        var images = containers
            .Select(container => table.FirstOrDefault(image => image.StandsFor(container.Text("image") ?? "")))
            .OfType<LocalImage>().ToList();
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(template?.ToJsonString() ?? ""));
        return new PodTemplate(deployment)
        {
            Hash = Convert.ToHexStringLower(bytes)[..10],
            Images = images,
            Problem = images.Count < containers.Count ? UnknownImage(containers, table)
                : template.Objects("spec", "initContainers").Count > 0
                    ? ("InitContainersNotRunHere", "Init containers are not run on this machine; leave them out here.")
                    : null,
        };
    }

    /// <summary>A Pod of this template, owned by the Deployment.</summary>
    public JsonObject NewPod(string nodeName)
    {
        var template = deployment.At("spec", "template");
        var name = deployment.Name();
        var labels = template.At("metadata", "labels")?.DeepClone() as JsonObject ?? [];
        labels["pod-template-hash"] = Hash;
        var spec = template.At("spec")?.DeepClone() as JsonObject ?? [];
        spec["nodeName"] = nodeName;
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{(name.Length > 46 ? name[..46] : name)}-{Hash}-{RandomName()}",
                ["namespace"] = deployment.Namespace(),
                ["labels"] = labels,
                ["annotations"] = template.At("metadata", "annotations")?.DeepClone() ?? new JsonObject(),
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "apps/v1",
                    ["kind"] = "Deployment",
                    ["name"] = name,
                    ["uid"] = deployment.Uid(),
                    ["controller"] = true,
                    ["blockOwnerDeletion"] = true,
                }),
            },
            ["spec"] = spec,
        };
    }

    // Letters and digits that Kubernetes' generated names use: no vowels, so no words.
    private static string RandomName() => RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5);

    private static (string, string) UnknownImage(IEnumerable<JsonObject> containers, IReadOnlyList<LocalImage> table)
    {
        var image = containers.Select(container => container.Text("image") ?? "")
            .First(name => !table.Any(entry => entry.StandsFor(name)));
        return ("ImageNotRunHere",
            $"Nothing on this laptop stands for the image \"{image}\"; here run "
            + $"{string.Join(", ", table.Select(entry => entry.Name))}. "
            + "Start the program yourself and give its address as http://localhost:PORT.");
    }
}
