// Keeps the status of a CustomResourceDefinition: names accepted, established, versions stored.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>
/// Worked out within the write that stores the CRD, so it is never seen half done. Names belong to the CRD of the group
/// that had them first; one whose names are taken is stored, not served, and says which name is the matter.
/// </summary>
public static class CrdStatus
{
    private static readonly (string Field, string Reason)[] Names =
    [
        ("plural", "PluralConflict"), ("singular", "SingularConflict"), ("shortNames", "ShortNamesConflict"),
        ("kind", "KindConflict"), ("listKind", "ListKindConflict"),
    ];

    /// <param name="crd">The CRD to bring up to date.</param>
    /// <param name="others">Every CRD there is; only those of its group, and not itself, are looked at.</param>
    /// <param name="now">The time a condition that changes is given.</param>
    public static void Refresh(JsonObject crd, IEnumerable<JsonObject> others, string now)
    {
        var status = crd.Child("status");
        AcceptNames(crd, [.. others.Where(other => IsNeighbour(crd, other))], now);
        var storage = (crd.At("spec", "versions") as JsonArray ?? []).OfType<JsonObject>()
            .First(version => version["storage"].AsBool() == true).Text("name");
        var stored = ObjectFields.Texts(status["storedVersions"]);
        if (!stored.Contains(storage))
        {
            var all = stored.Append(storage).Select(name => JsonValue.Create(name));
            status["storedVersions"] = new JsonArray([.. all]);
        }
    }

    /// <summary>Whether it waits for a name that another CRD of its group has.</summary>
    public static bool WaitsForNames(JsonObject crd) => !IsTrue(crd, "NamesAccepted");

    private static void AcceptNames(JsonObject crd, IReadOnlyList<JsonObject> neighbours, string now)
    {
        var accepted = crd.Child("status").Child("acceptedNames");
        var wanted = crd.At("spec", "names") as JsonObject ?? [];
        var resources = Taken(neighbours, "plural", "singular", "shortNames");
        var kinds = Taken(neighbours, "kind", "listKind");
        (string Reason, string Message)? conflict = null;
        foreach (var (field, reason) in Names)
        {
            var taken = field is "kind" or "listKind" ? kinds : resources;
            if (ValuesOf(wanted[field]).Except(ValuesOf(accepted[field])).FirstOrDefault(taken.Contains) is { } clash)
            {
                conflict = (reason, $"\"{clash}\" is already in use");
            }
            else
            {
                Copy(wanted, accepted, field);
            }
        }

        Copy(wanted, accepted, "categories");
        var (why, message) = conflict ?? ("NoConflicts", "no conflicts found");
        Set(crd, "NamesAccepted", conflict is null, why, message, now);
        if (conflict is null)
        {
            Set(crd, "Established", true, "InitialNamesAccepted", "the initial names have been accepted", now);
        }
        else if (!IsTrue(crd, "Established"))
        {
            Set(crd, "Established", false, "NotAccepted", "not all names are accepted", now);
        }
    }

    private static bool IsNeighbour(JsonObject crd, JsonObject other) =>
        other.Name != crd.Name && other.TextAt("spec", "group") == crd.TextAt("spec", "group");

    private static HashSet<string> Taken(IEnumerable<JsonObject> crds, params string[] fields) =>
        [.. crds.SelectMany(crd => fields.SelectMany(field => ValuesOf(crd.At("status", "acceptedNames", field))))];

    private static IReadOnlyList<string> ValuesOf(JsonNode? names) =>
        names is JsonArray ? ObjectFields.Texts(names) : names.AsText() is { Length: > 0 } one ? [one] : [];

    private static void Copy(JsonObject from, JsonObject to, string field)
    {
        to.Remove(field);
        if (from[field] is { } value)
        {
            to[field] = value.DeepClone();
        }
    }

    private static bool IsTrue(JsonObject crd, string type) => Find(crd, type)?.Text("status") == "True";

    private static JsonObject? Find(JsonObject crd, string type) =>
        (crd.At("status", "conditions") as JsonArray ?? []).OfType<JsonObject>()
            .FirstOrDefault(condition => condition.Text("type") == type);

    private static void Set(JsonObject crd, string type, bool holds, string reason, string message, string now)
    {
        var conditions = crd.Child("status")["conditions"] as JsonArray;
        if (conditions is null)
        {
            crd.Child("status")["conditions"] = conditions = [];
        }

        var condition = Find(crd, type);
        if (condition is null)
        {
            condition = new JsonObject { ["type"] = type };
            conditions.Add((JsonNode)condition);
        }

        var status = holds ? "True" : "False";
        if (condition.Text("status") != status)
        {
            condition["lastTransitionTime"] = now;
        }

        condition["status"] = status;
        condition["reason"] = reason;
        condition["message"] = message;
    }
}
