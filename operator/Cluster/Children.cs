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
            var made = await client.CreateAsync(type, WithoutNulls(wanted), cancellationToken);
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

    /// <summary>Deletes a child that is there and is this owner's.</summary>
    public async Task RemoveAsync(
        Resource owner, ResourceType type, string name, CancellationToken cancellationToken)
    {
        if (informers[type].Get(new ResourceKey(owner.Namespace, name)) is { IsDeleting: false } child
            && child.Controller?.Uid == owner.Uid)
        {
            await client.DeleteAsync(type, child, cancellationToken);
        }
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

    // Null asks for absence in a patch; in something new it is nothing to ask for.
    private static JsonObject WithoutNulls(JsonObject json) => new(json
        .Where(field => field.Value is not null)
        .Select(field => KeyValuePair.Create<string, JsonNode?>(
            field.Key, field.Value is JsonObject inner ? WithoutNulls(inner) : field.Value!.DeepClone())));

    // Whether everything wanted is there already; null asks for absence. Lists must have the same items in the same
    // order, but the API server may have filled in defaults inside them.
    private static bool Contains(JsonNode? actual, JsonNode? wanted) => wanted switch
    {
        JsonObject fields => fields.All(field => Contains(actual.At(field.Key), field.Value)),
        JsonArray items => actual is JsonArray there && there.Count == items.Count
            && items.Zip(there).All(pair => Contains(pair.Second, pair.First)),
        _ => JsonNode.DeepEquals(actual, wanted),
    };
}
