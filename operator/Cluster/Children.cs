// Makes the objects an object of ours owns, and puts them right when they differ.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>What became of a child: there as wanted, or why not.</summary>
public sealed record ChildOutcome(Resource? Child, string? Reason, string? Message);

/// <summary>
/// Server state is compared before anything is written: only fields we ask for count, what others added stays.
/// An object of the same name that another owner controls is never touched.
/// </summary>
public sealed class Children(ClusterClient client, InformerSet informers)
{
    public async Task<ChildOutcome> EnsureAsync(
        ResourceType ownerType,
        Resource owner,
        ResourceType type,
        JsonObject wanted,
        CancellationToken cancellationToken)
    {
        wanted["apiVersion"] = type.ApiVersion;
        wanted["kind"] = type.Kind;
        var metadata = wanted.Object("metadata")!;
        metadata["namespace"] = owner.Namespace;
        metadata["ownerReferences"] = new JsonArray(OwnerReference(ownerType, owner));
        var key = new ResourceKey(owner.Namespace, metadata.Text("name")!);

        var existing = informers[type].Get(key);
        if (existing is null)
        {
            var made = await client.CreateAsync(type, wanted, cancellationToken);
            if (made.IsSuccess)
            {
                return new ChildOutcome(made.Object, null, null);
            }

            // There already, only not in our copy yet; or refused, and the server says why.
            existing = made.IsConflict ? (await client.GetAsync(type, key, cancellationToken)).Object : null;
            if (existing is null)
            {
                return new ChildOutcome(null, $"{type.Kind}Refused", $"{type.Kind} {key}: {made.Message}");
            }
        }

        if (existing.Controller?.Uid != owner.Uid)
        {
            return new ChildOutcome(null, "NameTaken",
                $"{type.Kind} {key} exists and is not owned by this {ownerType.Kind}; rename one of them");
        }

        if (existing.IsDeleting)
        {
            return new ChildOutcome(null, $"{type.Kind}Deleting", $"{type.Kind} {key} is being deleted");
        }

        if (Contains(existing.Json, wanted))
        {
            return new ChildOutcome(existing, null, null);
        }

        var answer = await client.PatchAsync(type, key, wanted, cancellationToken);
        return answer.IsSuccess
            ? new ChildOutcome(answer.Object, null, null)
            : new ChildOutcome(null, $"{type.Kind}Refused", $"{type.Kind} {key}: {answer.Message}");
    }

    private static JsonObject OwnerReference(ResourceType type, Resource owner) => new()
    {
        ["apiVersion"] = type.ApiVersion,
        ["kind"] = type.Kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    // Whether everything wanted is there already; lists must be equal, null asks for absence.
    private static bool Contains(JsonNode? actual, JsonNode? wanted) => wanted switch
    {
        JsonObject fields => fields.All(field => Contains(actual.At(field.Key), field.Value)),
        _ => JsonNode.DeepEquals(actual, wanted),
    };
}
