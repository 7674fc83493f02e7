// JSON Merge Patch (RFC 7396).
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Patches;

/// <summary>Objects merge, null removes, anything else replaces.</summary>
public static class MergePatch
{
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, change) in patch)
        {
            if (change is null)
            {
                target.Remove(name);
            }
            else if (change is JsonObject inner)
            {
                if (target[name] is not JsonObject child)
                {
                    child = [];
                    target[name] = child;
                }

                Apply(child, inner);
            }
            else
            {
                target[name] = change.DeepClone();
            }
        }
    }
}
