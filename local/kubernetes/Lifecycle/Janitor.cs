// Cleans up after deletions: dependents of owners, contents of namespaces, objects of CRDs.
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;
using ServerlessEventing.Local.Kubernetes.Writes;

namespace ServerlessEventing.Local.Kubernetes.Lifecycle;

/// <summary>
/// Follows every change, one at a time, after it is committed:
/// <code>
///   gone                        ──► dependents lose that owner; with no owner left they are deleted
///   marked, foregroundDeletion  ──► dependents deleted first, then the finalizer goes
///   marked, orphan              ──► dependents lose that owner, then the finalizer goes
///   marked Namespace or CRD     ──► contents deleted, then the finalizer goes
///   gone CRD                    ──► CRDs that wait for its names get them
///   new, with absent owners     ──► deleted
/// </code>
/// What it does is itself a change, so it comes round again until nothing is left to do.
/// </summary>
public sealed partial class Janitor : IAsyncDisposable
{
    private readonly ObjectStore store;
    private readonly Catalog catalog;
    private readonly ObjectWriter writer;
    private readonly TimeProvider time;
    private readonly ILogger<Janitor> logger;
    private readonly Channel<Change> changes =
        Channel.CreateUnbounded<Change>(new UnboundedChannelOptions { SingleReader = true });

    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public Janitor(
        ObjectStore store, Catalog catalog, ObjectWriter writer, TimeProvider time, ILogger<Janitor> logger)
    {
        this.store = store;
        this.catalog = catalog;
        this.writer = writer;
        this.time = time;
        this.logger = logger;
        store.Observe(committed =>
        {
            foreach (var change in committed.Where(IsOfInterest))
            {
                changes.Writer.TryWrite(change);
            }
        });
    }

    /// <summary>Begins with what an earlier run left half done.</summary>
    public void Start()
    {
        foreach (var stored in store.All())
        {
            if (stored.IsTerminating || stored.OwnerUids.Count > 0)
            {
                changes.Writer.TryWrite(new Change(ChangeKind.Added, stored, null));
            }
        }

        running = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        changes.Writer.TryComplete();
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private static bool IsOfInterest(Change change) =>
        change.Kind == ChangeKind.Deleted || change.Object.IsTerminating || change.Object.OwnerUids.Count > 0;

    private async Task RunAsync()
    {
        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(stopping.Token))
            {
                await FollowAsync(change);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; what is left is found again at the next start.
        }
    }

    private async Task FollowAsync(Change change)
    {
        try
        {
            if (change.Kind == ChangeKind.Deleted)
            {
                await ReleaseDependentsAsync(change.Object.Uid, delete: true);
                await ReviewHoldersAsync(change.Object);
                if (change.Object.Key.Resource == ResourceType.Crds)
                {
                    await GiveNamesAsync();
                }
            }
            else
            {
                await ReviewAsync(change.Object.Key);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The next change of the object, or the next start, tries again; the loop must go on.
            Log.Failed(logger, failure, change.Object.Key.Resource, change.Object.Key.Name);
        }
    }

    private async Task ReviewAsync(ObjectKey key)
    {
        if (store.Find(key) is not { } stored)
        {
            return;
        }

        if (stored.IsTerminating)
        {
            await TerminateAsync(stored);
        }
        else if (stored.OwnerUids.Count > 0 && !OwnersExist(stored.Body()))
        {
            await DeleteAsync(stored, new DeleteOptions { Uid = stored.Uid });
        }
    }

    private async Task TerminateAsync(StoredObject stored)
    {
        var body = stored.Body();
        if (stored.Key.Resource == ResourceType.Namespaces)
        {
            await TerminateNamespaceAsync(stored, body);
        }

        if (body.Finalizers.Contains(DeleteOptions.CrdFinalizer) && stored.Key.Resource == ResourceType.Crds)
        {
            await TerminateCrdAsync(stored);
        }

        if (body.Finalizers.Contains(DeleteOptions.OrphanFinalizer))
        {
            await ReleaseDependentsAsync(stored.Uid, delete: false);
            await DropFinalizerAsync(stored.Key, DeleteOptions.OrphanFinalizer);
        }

        if (body.Finalizers.Contains(DeleteOptions.ForegroundFinalizer))
        {
            await DeleteAllAsync(store.DependentsOf(stored.Uid), DeleteOptions.ForegroundFinalizer);
            if (!store.DependentsOf(stored.Uid).Any(dependent => Blocks(dependent, stored.Uid)))
            {
                await DropFinalizerAsync(stored.Key, DeleteOptions.ForegroundFinalizer);
            }
        }
    }

    private async Task TerminateNamespaceAsync(StoredObject stored, JsonObject body)
    {
        await DeleteAllAsync(store.InNamespace(stored.Key.Name), "");
        if (store.InNamespace(stored.Key.Name).Count == 0
            && ObjectFields.Texts(body.At("spec", "finalizers")).Contains("kubernetes"))
        {
            await ChangeAsync(stored.Key, current =>
            {
                var left = ObjectFields.Texts(current.At("spec", "finalizers")).Where(name => name != "kubernetes");
                current.Child("spec")["finalizers"] = new JsonArray([.. left.Select(name => JsonValue.Create(name))]);
            });
        }
    }

    private async Task TerminateCrdAsync(StoredObject stored)
    {
        var resource = stored.Key.Name;
        await DeleteAllAsync(store.List(resource).Objects, "");
        if (store.List(resource).Objects.Count == 0)
        {
            await DropFinalizerAsync(stored.Key, DeleteOptions.CrdFinalizer);
        }
    }

    /// <summary>A CRD is gone, and with it its names: those that wait for one of them may have it now.</summary>
    private async Task GiveNamesAsync()
    {
        var crds = catalog.Current.FindStored(ResourceType.Crds)!;
        foreach (var waiting in store.List(ResourceType.Crds).Objects.Where(crd => CrdStatus.WaitsForNames(crd.Body())))
        {
            // Storing it is enough: the write works its status out anew.
            await writer.PatchAsync(crds, "", waiting.Key.Name, current => current, new WriteOptions(), stopping.Token);
        }
    }

    /// <summary>Something is gone: its namespace, its CRD or its owners may have waited for that.</summary>
    private async Task ReviewHoldersAsync(StoredObject gone)
    {
        if (gone.Key.Namespace.Length > 0)
        {
            await ReviewTerminatingAsync(new ObjectKey(ResourceType.Namespaces, "", gone.Key.Namespace));
        }

        await ReviewTerminatingAsync(new ObjectKey(ResourceType.Crds, "", gone.Key.Resource));
        foreach (var owner in (gone.Body().Metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (catalog.Current.FindKind(owner.Text("apiVersion"), owner.Text("kind")) is { } type)
            {
                await ReviewTerminatingAsync(type.Key(gone.Key.Namespace, owner.Text("name")));
            }
        }
    }

    private async Task ReviewTerminatingAsync(ObjectKey key)
    {
        if (store.Find(key) is { IsTerminating: true } holder)
        {
            await TerminateAsync(holder);
        }
    }

    private async Task ReleaseDependentsAsync(string uid, bool delete)
    {
        foreach (var dependent in store.DependentsOf(uid))
        {
            var body = dependent.Body();
            var others = Owners(body).Where(owner => owner.Text("uid") != uid).ToList();
            if (delete && !others.Exists(owner => Exists(owner, dependent.Key.Namespace)))
            {
                await DeleteAsync(dependent, new DeleteOptions { Uid = dependent.Uid });
                continue;
            }

            await ChangeAsync(dependent.Key, current =>
            {
                var left = Owners(current).Where(owner => owner.Text("uid") != uid).Select(owner => owner.DeepClone());
                current.Metadata["ownerReferences"] = new JsonArray([.. left]);
            });
        }
    }

    private static IEnumerable<JsonObject> Owners(JsonObject body) =>
        (body.Metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>();

    private bool OwnersExist(JsonObject body) => Owners(body).Any(owner => Exists(owner, body.Namespace));

    /// <summary>An owner of a kind that is not served counts as there: nothing is deleted on a guess.</summary>
    private bool Exists(JsonObject owner, string @namespace)
    {
        var type = catalog.Current.FindKind(owner.Text("apiVersion"), owner.Text("kind"));
        return type is null || store.Find(type.Key(@namespace, owner.Text("name")))?.Uid == owner.Text("uid");
    }

    private static bool Blocks(StoredObject dependent, string uid) => Owners(dependent.Body())
        .Any(owner => owner.Text("uid") == uid && owner["blockOwnerDeletion"].AsBool() == true);

    private async Task DeleteAllAsync(IReadOnlyList<StoredObject> objects, string finalizer)
    {
        var propagation = finalizer == DeleteOptions.ForegroundFinalizer ? "Foreground" : "Background";
        foreach (var stored in objects.Where(stored => !stored.IsTerminating))
        {
            await DeleteAsync(stored, new DeleteOptions { Uid = stored.Uid, Propagation = propagation });
        }
    }

    private async Task DeleteAsync(StoredObject stored, DeleteOptions options)
    {
        if (catalog.Current.FindStored(stored.Key.Resource) is { } type)
        {
            await writer.DeleteAsync(type, stored.Key.Namespace, stored.Key.Name, options, stopping.Token);
            return;
        }

        // Its CRD is gone, so no rule of its kind applies any more.
        await store.WriteAsync<StoredObject>(
            transaction => transaction.Find(stored.Key) is { } found ? transaction.Remove(found) : stored,
            stopping.Token);
    }

    private Task DropFinalizerAsync(ObjectKey key, string finalizer) => ChangeAsync(key, current =>
        current.SetFinalizers([.. current.Finalizers.Where(name => name != finalizer)]));

    /// <summary>Changes an object in place; one that nothing holds any more goes.</summary>
    private async Task ChangeAsync(ObjectKey key, Action<JsonObject> change) => await store.WriteAsync<StoredObject>(
        transaction =>
        {
            if (transaction.Find(key) is not { } stored)
            {
                return ApiStatus.NotFound("", key.Resource, key.Name);
            }

            var body = stored.Body();
            change(body);
            var held = body.Finalizers.Count > 0
                || (key.Resource == ResourceType.Namespaces
                    && ObjectFields.Texts(body.At("spec", "finalizers")).Count > 0);
            return body.IsTerminating && !held ? transaction.Remove(stored, body) : transaction.Put(key, body);
        },
        stopping.Token);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Cleaning up after {Resource} {Name} failed")]
        public static partial void Failed(ILogger logger, Exception failure, string resource, string name);
    }
}
