// Creates, replaces, patches and deletes objects by the API server's rules.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Ownership;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>
/// Every write of every client goes through here:
/// <code>
///   create ─► name, namespace ─► intake ─► uid, generation 1 ───────────┐
///   update ─► resourceVersion ─┐                                        ├─► field owners ─► stored version ─► store
///   patch  ─► patch applied ───┴► identity kept ─► spec and status      │
///                                 kept apart ─► intake ─► generation ───┘
/// </code>
/// </summary>
public sealed class ObjectWriter(ObjectStore store, TimeProvider time)
{
    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    private static readonly string[] ServerOwned =
    [
        "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
        "selfLink", "generateName",
    ];

    public Task<Result<Written>> CreateAsync(
        ResourceType type, string @namespace, JsonObject body, WriteOptions options,
        CancellationToken cancellationToken) =>
        store.WriteAsync(transaction => Create(transaction, type, @namespace, body, options), cancellationToken);

    public Task<Result<Written>> UpdateAsync(
        ResourceType type, string @namespace, string name, JsonObject body, WriteOptions options,
        CancellationToken cancellationToken) =>
        store.WriteAsync(
            transaction => Update(transaction, type, @namespace, name, body, options), cancellationToken);

    /// <summary>The patch gets a copy of its own and returns what the object is to be.</summary>
    public Task<Result<Written>> PatchAsync(
        ResourceType type, string @namespace, string name, Func<JsonObject, Result<JsonObject>> patch,
        WriteOptions options, CancellationToken cancellationToken) =>
        store.WriteAsync(
            transaction => Patch(transaction, type, @namespace, name, patch, options), cancellationToken);

    public Task<Result<StoredObject>> DeleteAsync(
        ResourceType type, string @namespace, string name, DeleteOptions options,
        CancellationToken cancellationToken) =>
        store.WriteAsync(
            transaction => Deletion.Run(transaction, type, @namespace, name, options, time.GetUtcNow()),
            cancellationToken);

    /// <summary>Server-side apply: creates the object, or merges into it what the manager wants.</summary>
    public Task<Result<Written>> ApplyAsync(
        ResourceType type, string @namespace, string name, JsonObject wanted, WriteOptions options,
        CancellationToken cancellationToken) =>
        store.WriteAsync(
            transaction => Apply(transaction, type, @namespace, name, wanted, options with { Applied = true }),
            cancellationToken);

    internal Result<Written> Create(
        Transaction transaction, ResourceType type, string @namespace, JsonObject body, WriteOptions options)
    {
        if (Intake.CheckKind(type, body) is { } wrongKind)
        {
            return wrongKind;
        }

        if (SetIdentity(transaction, type, @namespace, body) is { } misplaced)
        {
            return misplaced;
        }

        var warnings = new List<string>();
        if (type.HasStatus && !type.IsNamespace && type.StorageName != "pods")
        {
            body.Remove("status");
        }

        if (Intake.Normalise(type, body, options.FieldValidation, warnings) is { } unknown)
        {
            return unknown;
        }

        if (Intake.Validate(type, body, null) is { } invalid)
        {
            return invalid;
        }

        warnings.AddRange(KindRules.Warnings(type, body, null));
        var key = type.Key(@namespace, body.Name);
        if (transaction.Find(key) is { } present)
        {
            var exists = ApiStatus.AlreadyExists(type.Group, type.Plural, body.Name);
            return present.IsTerminating
                ? exists with { Message = $"object is being deleted: {exists.Message}" }
                : exists;
        }

        if (!options.Applied)
        {
            body.Metadata.Remove("managedFields");
            Track(type, body, null, body, options);
        }

        transaction.Discard = options.DryRun;
        var answer = VersionConversion.FromStorage(type, Store(transaction, type, key, body));
        if (options.DryRun)
        {
            answer.Metadata.Remove("resourceVersion");
        }

        return new Written(answer, Created: true, warnings);
    }

    internal Result<Written> Patch(
        Transaction transaction, ResourceType type, string @namespace, string name,
        Func<JsonObject, Result<JsonObject>> patch, WriteOptions options)
    {
        if (transaction.Find(type.Key(@namespace, name)) is not { } stored)
        {
            return type.NotFound(name);
        }

        var current = VersionConversion.FromStorage(type, stored);
        if (options.Subresource == "scale")
        {
            current = ScaleView.Of(type, current);
        }

        if (patch(current).Failed(out var failure, out var next))
        {
            return failure;
        }

        var before = VersionConversion.FromStorage(type, stored);
        return options.Subresource != "scale" && Identity.Changed(type, before, next) is { } changed
            ? changed
            : Update(transaction, type, @namespace, name, next, options);
    }

    private Result<Written> Update(
        Transaction transaction, ResourceType type, string @namespace, string name, JsonObject body,
        WriteOptions options)
    {
        if (transaction.Find(type.Key(@namespace, name)) is not { } stored)
        {
            return type.NotFound(name);
        }

        var old = VersionConversion.FromStorage(type, stored);
        if (options.Subresource == "scale")
        {
            if (Stale(type, stored, body) is { } staleScale)
            {
                return staleScale;
            }

            var scaled = (JsonObject)old.DeepClone();
            return ScaleView.Write(type, scaled, body) is { } badScale
                ? badScale
                : AsScale(type, Replace(transaction, type, stored, old, scaled, options));
        }

        if (Intake.CheckKind(type, body) is { } wrongKind)
        {
            return wrongKind;
        }

        if (Identity.DeletionChanged(type, old, body) is { } changed)
        {
            return changed;
        }

        if (body.Name != name)
        {
            return ApiStatus.BadRequest($"the name of the object ({body.Name}) does not match the name on the URL "
                + $"({name})");
        }

        if (body.Namespace.Length > 0 && type.Namespaced && body.Namespace != @namespace)
        {
            return NamespaceMismatch();
        }

        return Stale(type, stored, body) is { } stale
            ? stale
            : Replace(transaction, type, stored, old, body, options);
    }

    private Result<Written> Apply(
        Transaction transaction, ResourceType type, string @namespace, string name, JsonObject wanted,
        WriteOptions options)
    {
        var warnings = new List<string>();
        if ((Intake.CheckKind(type, wanted)
            ?? Intake.CheckApplied(type, wanted, name)
            ?? Intake.DropUnknown(type, wanted, options.FieldValidation, warnings)) is { } refused)
        {
            return refused;
        }

        var stored = transaction.Find(type.Key(@namespace, name));
        if (stored is null && (options.Subresource.Length > 0 || wanted.Uid.Length > 0))
        {
            return type.NotFound(name);
        }

        wanted.Metadata.Default("name", name);
        var live = stored is null ? null : VersionConversion.FromStorage(type, stored);
        if (stored is not null && wanted.Metadata.Text("resourceVersion") is { Length: > 0 }
            && Stale(type, stored, wanted) is { } stale)
        {
            return stale;
        }

        if (live is not null && Identity.Changed(type, live, wanted) is { } another)
        {
            return another;
        }

        KeepApplicable(type, wanted, options.Subresource);
        var manager = new FieldOwner(options.FieldManager, FieldOwner.Apply, options.Subresource);
        var result = ServerSideApply.Run(live, wanted, type.WholeSchema, manager, options.Force,
            Deletion.Timestamp(time.GetUtcNow()));
        if (result.Failed(out var conflict, out var merged))
        {
            return conflict;
        }

        var quiet = options with { FieldValidation = FieldValidation.Ignore };
        var done = stored is null
            ? Create(transaction, type, @namespace, merged, quiet)
            : Replace(transaction, type, stored, live!, merged, quiet);
        return done.Value is { } written ? written with { Warnings = warnings } : done;
    }

    /// <summary>Through /status only the status is applied, elsewhere everything but the status.</summary>
    private static void KeepApplicable(ResourceType type, JsonObject wanted, string subresource)
    {
        if (subresource == "status")
        {
            foreach (var name in wanted.Select(pair => pair.Key).ToList())
            {
                if (name is not ("apiVersion" or "kind" or "status"))
                {
                    wanted.Remove(name);
                }
            }
        }
        else if (type.HasStatus)
        {
            wanted.Remove("status");
        }
    }

    private static Result<Written> AsScale(ResourceType type, Result<Written> result) =>
        result.Value is { } written ? written with { Body = ScaleView.Of(type, written.Body) } : result;

    private static ApiStatus? Stale(ResourceType type, StoredObject stored, JsonObject body)
    {
        var given = body.Metadata.Text("resourceVersion");
        if (given.Length == 0 && type.IsCustom)
        {
            return type.Invalid(stored.Key.Name, new StatusCause("FieldValueInvalid",
                "Invalid value: 0x0: must be specified for an update", "metadata.resourceVersion"));
        }

        if (given.Length > 0 && given != $"{stored.ResourceVersion}")
        {
            return type.Conflict(stored.Key.Name, "the object has been modified; please apply your changes to the "
                + "latest version and try again");
        }

        var uid = body.Uid;
        return uid.Length > 0 && uid != stored.Uid
            ? type.Conflict(stored.Key.Name,
                $"Precondition failed: UID in precondition: {uid}, UID in object meta: {stored.Uid}")
            : null;
    }

    private Result<Written> Replace(
        Transaction transaction, ResourceType type, StoredObject stored, JsonObject old, JsonObject body,
        WriteOptions options)
    {
        var next = Isolate(type, old, body, options.Subresource);
        foreach (var name in ServerOwned)
        {
            next.Metadata.Remove(name);
            if (old.Metadata[name] is { } kept)
            {
                next.Metadata[name] = kept.DeepClone();
            }
        }

        KindDefaults.Keep(type, old, next);
        var warnings = new List<string>();
        if ((Intake.Normalise(type, next, options.FieldValidation, warnings)
            ?? Intake.Validate(type, next, old)
            ?? NewFinalizers(type, old, next)) is { } refused)
        {
            return refused;
        }

        warnings.AddRange(KindRules.Warnings(type, next, old));
        if (type.HasGeneration && SpecChanged(type, old, next))
        {
            next.Metadata["generation"] = old.Generation + 1;
        }

        if (!options.Applied)
        {
            Track(type, next, old, body, options);
        }
        else if (body.Metadata["managedFields"] is { } holders && !ReferenceEquals(body, next))
        {
            next.Metadata["managedFields"] = holders.DeepClone();
        }

        transaction.Discard = options.DryRun;
        var last = Store(transaction, type, stored.Key, next);
        return new Written(VersionConversion.FromStorage(type, last), Created: false, warnings);
    }

    /// <summary>The status changes only through /status, everything else only not through it.</summary>
    private static JsonObject Isolate(ResourceType type, JsonObject old, JsonObject body, string subresource)
    {
        var next = subresource == "status" ? (JsonObject)old.DeepClone() : body;
        if (type.HasStatus || subresource == "status")
        {
            var status = subresource == "status" ? body["status"] : old["status"];
            next.Remove("status");
            if (status is not null)
            {
                next["status"] = status.DeepClone();
            }
        }

        return next;
    }

    private static ApiStatus? NewFinalizers(ResourceType type, JsonObject old, JsonObject next)
    {
        var added = next.Finalizers.Except(old.Finalizers).ToList();
        return old.IsTerminating && added.Count > 0
            ? type.Invalid(old.Name, new StatusCause("FieldValueForbidden", "Forbidden: no new finalizers can be added "
                + $"if the object is being deleted, found new finalizers [{string.Join(", ", added)}]",
                "metadata.finalizers"))
            : null;
    }

    private static bool SpecChanged(ResourceType type, JsonObject old, JsonObject next)
    {
        bool Counts(string name) => name is not ("metadata" or "apiVersion" or "kind")
            && (name != "status" || !type.HasStatus);
        return old.Select(pair => pair.Key).Union(next.Select(pair => pair.Key))
            .Any(name => Counts(name) && !JsonNode.DeepEquals(old[name], next[name]));
    }

    private void Track(ResourceType type, JsonObject next, JsonObject? old, JsonObject sent, WriteOptions options)
    {
        var manager = new FieldOwner(options.FieldManager, FieldOwner.Update, options.Subresource, type.ApiVersion);
        Tracking.Update(next, old, sent, type.WholeSchema, manager, Deletion.Timestamp(time.GetUtcNow()));
    }

    /// <summary>Puts the object in its stored version, or removes it when nothing holds it any more.</summary>
    private StoredObject Store(Transaction transaction, ResourceType type, ObjectKey key, JsonObject body)
    {
        if (type.IsCrd)
        {
            CrdStatus.Refresh(body, transaction.List(ResourceType.Crds).Select(stored => stored.Body()),
                Deletion.Timestamp(time.GetUtcNow()));
        }

        VersionConversion.ToStorage(type, body);
        if (type.StorageApiVersion != type.ApiVersion && type.IsCustom)
        {
            Schemas.SchemaPruning.Prune(body, type.StorageSchema);
        }

        var held = body.Finalizers.Count > 0
            || (type.IsNamespace && ObjectFields.Texts(body.At("spec", "finalizers")).Count > 0);
        return body.IsTerminating && !held && transaction.Find(key) is { } previous
            ? transaction.Remove(previous, body)
            : transaction.Put(key, body);
    }

    private ApiStatus? SetIdentity(Transaction transaction, ResourceType type, string @namespace, JsonObject body)
    {
        var metadata = body.Metadata;
        if (type.Namespaced && body.Namespace.Length > 0 && body.Namespace != @namespace)
        {
            return NamespaceMismatch();
        }

        if (metadata.Text("resourceVersion").Length > 0)
        {
            return ApiStatus.BadRequest("resourceVersion should not be set on objects to be created");
        }

        if (type.Namespaced && MissingNamespace(transaction, type, @namespace, body.Name) is { } missing)
        {
            return missing;
        }

        if (body.Name.Length == 0)
        {
            var prefix = metadata.Text("generateName");
            if (prefix.Length == 0)
            {
                return type.Invalid("", new StatusCause("FieldValueRequired",
                    "Required value: name or generateName is required", "metadata.name"));
            }

            metadata["name"] = FreeName(transaction, type, @namespace, prefix);
        }

        foreach (var name in ServerOwned.Where(name => name != "generateName"))
        {
            metadata.Remove(name);
        }

        if (type.Namespaced)
        {
            metadata["namespace"] = @namespace;
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Deletion.Timestamp(time.GetUtcNow());
        if (type.HasGeneration)
        {
            metadata["generation"] = 1L;
        }

        return null;
    }

    /// <summary>The prefix and five characters; another five where that name is taken, eight times at most.</summary>
    private static string FreeName(Transaction transaction, ResourceType type, string @namespace, string prefix)
    {
        var stem = prefix.Length > 58 ? prefix[..58] : prefix;
        for (var tries = 1; ; tries++)
        {
            var name = stem + new string(Random.Shared.GetItems<char>(NameAlphabet, 5));
            if (tries == 8 || transaction.Find(type.Key(@namespace, name)) is null)
            {
                return name;
            }
        }
    }

    private static ApiStatus? MissingNamespace(
        Transaction transaction, ResourceType type, string @namespace, string name)
    {
        var stored = transaction.Find(new ObjectKey(ResourceType.Namespaces, "", @namespace));
        if (stored is null)
        {
            return ApiStatus.NotFound("", "namespaces", @namespace);
        }

        return stored.IsTerminating
            ? ApiStatus.Forbidden(type.Group, type.Plural, name,
                $"unable to create new content in namespace {@namespace} because it is being terminated") with
            {
                Causes = [new("NamespaceTerminating", $"namespace {@namespace} is being terminated",
                    "metadata.namespace")],
            }
            : null;
    }

    private static ApiStatus NamespaceMismatch() => ApiStatus.BadRequest(
        "the namespace of the provided object does not match the namespace sent on the request");
}
