// Keeps the Endpoints and EndpointSlices of Services true.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Addresses;

/// <summary>
/// Both are owned by their Service and go with it. What stands is remembered, so that nothing is written twice; a
/// first look at a Service reads what an earlier run left.
/// </summary>
internal sealed class EndpointWriter(ApiConnection api)
{
    private const string ServiceLabel = "kubernetes.io/service-name";

    private readonly Dictionary<string, Written> written = [];

    public async Task WriteAsync(ServiceView service, CancellationToken cancellationToken)
    {
        if (!written.TryGetValue(service.Uid, out var standing))
        {
            written[service.Uid] = standing = await ReadAsync(service, cancellationToken);
        }

        await WriteEndpointsAsync(service, standing, cancellationToken);
        await WriteSlicesAsync(service, standing, cancellationToken);
    }

    /// <summary>Forgets Services that are gone.</summary>
    public void Keep(IReadOnlySet<string> uids)
    {
        foreach (var gone in written.Keys.Where(uid => !uids.Contains(uid)).ToList())
        {
            written.Remove(gone);
        }
    }

    private async Task<Written> ReadAsync(ServiceView service, CancellationToken cancellationToken)
    {
        var endpoints = await api.GetAsync($"{EndpointsPath(service)}/{service.Name}", cancellationToken);
        var slices = await api.GetAsync(
            $"{SlicesPath(service)}?labelSelector={Uri.EscapeDataString($"{ServiceLabel}={service.Name}")}",
            cancellationToken);
        return new Written
        {
            Subsets = endpoints.IsSuccess ? endpoints.Body.At("subsets") as JsonArray ?? [] : null,
            Slices = slices.Body.Objects("items").ToDictionary(slice => slice.Name(), JsonObject? (_) => null),
        };
    }

    private async Task WriteEndpointsAsync(
        ServiceView service, Written standing, CancellationToken cancellationToken)
    {
        var subsets = service.Subsets();
        if (JsonNode.DeepEquals(standing.Subsets, subsets))
        {
            return;
        }

        var body = new JsonObject
        {
            ["metadata"] = Metadata(service, service.Name, []),
            ["subsets"] = subsets.DeepClone(),
        };
        if (await PutAsync(EndpointsPath(service), body, standing.Subsets is not null, cancellationToken))
        {
            standing.Subsets = subsets;
        }
    }

    private async Task WriteSlicesAsync(ServiceView service, Written standing, CancellationToken cancellationToken)
    {
        var slices = service.Slices();
        foreach (var gone in standing.Slices.Keys.Where(name => !slices.ContainsKey(name)).ToList())
        {
            var answer = await api.DeleteAsync($"{SlicesPath(service)}/{gone}", cancellationToken);
            if (answer.IsSuccess || answer.IsNotFound)
            {
                standing.Slices.Remove(gone);
            }
        }

        foreach (var (name, slice) in slices)
        {
            var isThere = standing.Slices.TryGetValue(name, out var old);
            if (isThere && JsonNode.DeepEquals(old, slice))
            {
                continue;
            }

            var body = (JsonObject)slice.DeepClone();
            body["metadata"] = Metadata(service, name, new JsonObject { [ServiceLabel] = service.Name });
            if (await PutAsync(SlicesPath(service), body, isThere, cancellationToken))
            {
                standing.Slices[name] = slice;
            }
        }
    }

    // A refusal (the namespace is going, say) is tried again at the next look.
    private async Task<bool> PutAsync(
        string collection, JsonObject body, bool isThere, CancellationToken cancellationToken)
    {
        if (isThere)
        {
            var patched = await api.PatchAsync($"{collection}/{body.Name()}", body, cancellationToken);
            if (!patched.IsNotFound)
            {
                return patched.IsSuccess;
            }
        }

        return (await api.CreateAsync(collection, body, cancellationToken)).IsSuccess;
    }

    private static JsonObject Metadata(ServiceView service, string name, JsonObject labels) => new()
    {
        ["name"] = name,
        ["namespace"] = service.Namespace,
        ["labels"] = labels,
        ["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["name"] = service.Name,
            ["uid"] = service.Uid,
        }),
    };

    private static string EndpointsPath(ServiceView service) => $"/api/v1/namespaces/{service.Namespace}/endpoints";

    private static string SlicesPath(ServiceView service) =>
        $"/apis/discovery.k8s.io/v1/namespaces/{service.Namespace}/endpointslices";

    private sealed class Written
    {
        /// <summary>Null while there are no Endpoints.</summary>
        public JsonArray? Subsets { get; set; }

        /// <summary>By name; null content: there, and not of this run.</summary>
        public required Dictionary<string, JsonObject?> Slices { get; init; }
    }
}
