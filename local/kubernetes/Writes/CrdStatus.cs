// Keeps the status of a CustomResourceDefinition: names accepted, established, versions stored.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>A CRD is served from the moment it is stored, so it is established at once.</summary>
public static class CrdStatus
{
    public static void Refresh(JsonObject crd, string now)
    {
        var status = crd.Child("status");
        status["acceptedNames"] = crd.At("spec", "names")?.DeepClone();
        var storage = (crd.At("spec", "versions") as JsonArray ?? []).OfType<JsonObject>()
            .First(version => version["storage"].AsBool() == true).Text("name");
        var stored = ObjectFields.Texts(status["storedVersions"]);
        if (!stored.Contains(storage))
        {
            var all = stored.Append(storage).Select(name => JsonValue.Create(name));
            status["storedVersions"] = new JsonArray([.. all]);
        }

        if (status["conditions"] is null)
        {
            status["conditions"] = new JsonArray(
                Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
                Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now));
        }
    }

    private static JsonObject Condition(string type, string reason, string message, string now) => new()
    {
        ["type"] = type,
        ["status"] = "True",
        ["lastTransitionTime"] = now,
        ["reason"] = reason,
        ["message"] = message,
    };
}
