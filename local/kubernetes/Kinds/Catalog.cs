// Every kind that is served now: the built-in ones and those of the CRDs.
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>Rebuilt whole when a CRD changes and swapped behind one field: a request sees one consistent set.</summary>
public sealed class Catalog
{
    private readonly ObjectStore store;
    private volatile Snapshot current;

    public Catalog(ObjectStore store)
    {
        this.store = store;
        current = Build(1);
        store.Observe(changes =>
        {
            if (changes.Any(change => change.Object.Key.Resource == ResourceType.Crds))
            {
                current = Build(current.Revision + 1);
                foreach (var gone in changes.Where(change => change.Kind == ChangeKind.Deleted
                    && change.Object.Key.Resource == ResourceType.Crds))
                {
                    store.Close(gone.Object.Key.Name);
                }
            }
        });
    }

    public Snapshot Current => current;

    private Snapshot Build(long revision)
    {
        var types = new List<ResourceType>(BuiltinKinds.All);
        foreach (var crd in store.List(ResourceType.Crds).Objects)
        {
            types.AddRange(CustomKinds.Served(crd.Body()));
        }

        return new Snapshot(revision, types);
    }

    /// <summary>The kinds at one moment.</summary>
    public sealed class Snapshot
    {
        private readonly Dictionary<(string, string, string), ResourceType> byPath = [];
        private readonly Dictionary<(string, string), ResourceType> byKind = [];
        private readonly Dictionary<string, ResourceType> byStorage = [];

        internal Snapshot(long revision, List<ResourceType> types)
        {
            Revision = revision;
            Types = types;
            foreach (var type in types)
            {
                // The built-in kinds come first and stay, whatever a CRD calls itself.
                byPath.TryAdd((type.Group, type.Version, type.Plural), type);
                byKind.TryAdd((type.ApiVersion, type.Kind), type);
                if (type.StorageApiVersion == type.ApiVersion || !byStorage.ContainsKey(type.StorageName))
                {
                    byStorage[type.StorageName] = type;
                }
            }

            Groups = [.. types.Select(type => type.Group).Distinct().Where(group => group.Length > 0)
                .OrderBy(group => types.Any(type => type.Group == group && type.IsCustom))
                .ThenBy(group => types.FindIndex(type => type.Group == group && !type.IsCustom))
                .ThenBy(group => group, StringComparer.Ordinal)];
        }

        public long Revision { get; }

        public IReadOnlyList<ResourceType> Types { get; }

        /// <summary>The named groups, in the order discovery lists them.</summary>
        public IReadOnlyList<string> Groups { get; }

        public ResourceType? Find(string group, string version, string plural) =>
            byPath.GetValueOrDefault((group, version, plural));

        public ResourceType? FindKind(string apiVersion, string kind) => byKind.GetValueOrDefault((apiVersion, kind));

        /// <summary>The type whose version objects of a resource are kept in.</summary>
        public ResourceType? FindStored(string storageName) => byStorage.GetValueOrDefault(storageName);

        /// <summary>The versions of a group, the preferred one first.</summary>
        public IReadOnlyList<string> VersionsOf(string group) =>
        [
            .. Types.Where(type => type.Group == group).Select(type => type.Version).Distinct()
                .OrderByDescending(VersionRank.Of).ThenBy(version => version, StringComparer.Ordinal),
        ];
    }
}
