// Who owns which fields of an object: metadata.managedFields.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>
/// One manager and its way of writing; two of these are two owners. Updates in two versions of a kind are two owners
/// as well; whoever applies is one and the same in every version, so its <see cref="Version"/> is empty.
/// </summary>
public sealed record FieldOwner(string Name, string Operation, string Subresource, string Version = "")
{
    public const string Apply = "Apply";
    public const string Update = "Update";
}

/// <summary>The fields of one owner.</summary>
public sealed record Owned(FieldOwner Manager, string ApiVersion, string Time, FieldSet Fields);

/// <summary>All owners of one object, read from managedFields and written back.</summary>
public sealed class FieldOwners
{
    private readonly List<Owned> owners;

    private FieldOwners(List<Owned> owners) => this.owners = owners;

    public IReadOnlyList<Owned> Owners => owners;

    public static FieldOwners Read(JsonObject? body)
    {
        var entries = (body?.Metadata["managedFields"] as JsonArray ?? []).OfType<JsonObject>();
        return new FieldOwners(
        [
            .. entries.Where(entry => entry.Text("manager").Length > 0).Select(entry => new Owned(
                new FieldOwner(entry.Text("manager"), entry.Text("operation"), entry.Text("subresource"),
                    entry.Text("operation") == FieldOwner.Update ? entry.Text("apiVersion") : ""),
                entry.Text("apiVersion"), entry.Text("time"), FieldSet.FromJson(entry["fieldsV1"] as JsonObject))),
        ]);
    }

    /// <summary>What the client sent along counts, unless it sent none; `[{}]` means "forget them all".</summary>
    public static FieldOwners ReadEither(JsonObject sent, JsonObject? old) =>
        sent.Metadata["managedFields"] is JsonArray { Count: > 0 } ? Read(sent) : Read(old);

    public FieldSet FieldsOf(FieldOwner manager) =>
        owners.Find(owned => owned.Manager == manager)?.Fields ?? new FieldSet();

    public void Set(FieldOwner manager, FieldSet fields, string apiVersion, string now)
    {
        var at = owners.FindIndex(owned => owned.Manager == manager);
        if (at < 0)
        {
            owners.Add(new Owned(manager, apiVersion, now, fields));
        }
        else if (!owners[at].Fields.SameAs(fields) || owners[at].ApiVersion != apiVersion)
        {
            owners[at] = new Owned(manager, apiVersion, now, fields);
        }

        owners.RemoveAll(owned => owned.Fields.IsEmpty);
    }

    /// <summary>Takes fields away from everyone but one owner.</summary>
    public void TakeFromOthers(FieldOwner? keeper, FieldSet fields)
    {
        for (var at = 0; at < owners.Count; at++)
        {
            if (owners[at].Manager != keeper)
            {
                owners[at] = owners[at] with { Fields = owners[at].Fields.Except(fields) };
            }
        }

        owners.RemoveAll(owned => owned.Fields.IsEmpty);
    }

    public void Write(JsonObject body)
    {
        if (owners.Count == 0)
        {
            body.Metadata.Remove("managedFields");
            return;
        }

        body.Metadata["managedFields"] = new JsonArray(
        [
            .. owners.OrderBy(owned => owned.Manager.Operation, StringComparer.Ordinal)
                .ThenBy(owned => owned.Time, StringComparer.Ordinal)
                .ThenBy(owned => owned.Manager.Name, StringComparer.Ordinal)
                .ThenBy(owned => owned.ApiVersion, StringComparer.Ordinal)
                .ThenBy(owned => owned.Manager.Subresource, StringComparer.Ordinal)
                .Select(Entry),
        ]);
    }

    private static JsonNode Entry(Owned owned)
    {
        var entry = new JsonObject
        {
            ["apiVersion"] = owned.ApiVersion,
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = owned.Fields.ToJson(),
            ["manager"] = owned.Manager.Name,
            ["operation"] = owned.Manager.Operation,
        };
        if (owned.Manager.Subresource.Length > 0)
        {
            entry["subresource"] = owned.Manager.Subresource;
        }

        entry["time"] = owned.Time;
        return entry;
    }
}
