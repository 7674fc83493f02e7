// Resolves a Destination of a spec (ref, uri, both; v0.7's dnsName and flat reference) to an address.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Addressing;

/// <summary>Knative's destination resolution (specs, control-plane.md), from the informers' copies.</summary>
/// <remarks>
/// ref → <c>status.address.url</c>, a Service of Kubernetes → its DNS name; uri relative to a ref is joined to it;
/// a Broker or Channel of ours also gives its topic, so that the event goes straight onto the bus. Every ref looked
/// at is reported, so that the object is reconciled again when what it refers to appears or changes.
/// </remarks>
public sealed class DestinationResolver(
    InformerSet informers,
    string clusterDomain,
    CrossNamespaceRefs crossNamespaceRefs,
    Func<Resource, bool> isOurBroker,
    IReadOnlyList<ResourceType> ourChannels)
{
    /// <summary>Resolves what a spec says; <paramref name="what"/> names the field in messages.</summary>
    public Resolution Resolve(JsonNode? destination, string what, string parentNamespace, Action<ObjectRef> refersTo)
    {
        if (destination is not JsonObject)
        {
            return Resolution.Failed("Missing", $"{what} is missing: set {what}.ref or {what}.uri");
        }

        var resolved = ResolveAddress(destination, what, parentNamespace, refersTo);
        return resolved.Destination is { } found
            ? Resolution.To(found with
            {
                CaCerts = destination.NonEmpty("CACerts") ?? found.CaCerts,
                Audience = destination.NonEmpty("audience") ?? found.Audience,
            })
            : resolved;
    }

    private Resolution ResolveAddress(
        JsonNode destination, string what, string parentNamespace, Action<ObjectRef> refersTo)
    {
        // v0.7 wrote `sink: {apiVersion, kind, name}` and `reply: {channel: {…}}`: the reference itself.
        var reference = destination.Object("ref") ?? destination.Object("channel")
            ?? (destination.NonEmpty("kind") is not null ? destination as JsonObject : null);
        var uri = destination.NonEmpty("uri");
        if (destination.NonEmpty("dnsName") is { } dns)
        {
            return FromUri($"http://{dns}", $"{what}.dnsName");
        }

        if (reference is null)
        {
            return uri is null
                ? Resolution.Failed("Missing", $"{what} is empty: set {what}.ref or {what}.uri")
                : FromUri(uri, $"{what}.uri");
        }

        var target = ResolveReference(reference, $"{what}.ref", parentNamespace, refersTo);
        if (uri is null || target.Destination is not { } found)
        {
            return target;
        }

        // `/path` counts as an absolute file URI on Unix; only something with a scheme of its own is absolute here.
        if (uri.Contains("://", StringComparison.Ordinal)
            || !Uri.TryCreate(new Uri(found.Uri), uri, out var joined))
        {
            return Resolution.Failed("Invalid", $"{what}.uri is '{uri}': beside a ref it must be relative");
        }

        return Resolution.To(found with { Uri = joined.AbsoluteUri, Topic = null });
    }

    private Resolution ResolveReference(
        JsonObject reference, string what, string parentNamespace, Action<ObjectRef> refersTo)
    {
        var (apiVersion, kind, name) =
            (reference.NonEmpty("apiVersion"), reference.NonEmpty("kind"), reference.NonEmpty("name"));
        if (kind is null || name is null || (apiVersion is null && reference.NonEmpty("group") is null))
        {
            return Resolution.Failed("Invalid", $"{what} needs apiVersion, kind and name");
        }

        apiVersion ??= $"{reference.Text("group")}/v1";
        var key = new ResourceKey(reference.NonEmpty("namespace") ?? parentNamespace, name);
        if (!crossNamespaceRefs.Allow(parentNamespace, key.Namespace))
        {
            return Resolution.Failed("CrossNamespace",
                $"{what}: {kind} {key} is in another namespace; references into it are allowed by "
                + $"{CrossNamespaceRefs.Variable}={key.Namespace} on the operator");
        }

        var target = new ObjectRef(GroupKind.Of(apiVersion, kind), key);
        refersTo(target);
        var informer = informers.Find(apiVersion, kind);
        if (informer is null)
        {
            return Resolution.Failed("KindUnknown",
                $"{what}: the cluster does not serve {kind} of {apiVersion}; install it or correct the reference");
        }

        if (informer.Get(key) is not { IsDeleting: false } resource)
        {
            return Resolution.Failed("NotFound", $"{what}: {kind} {key} does not exist");
        }

        if (target.Kind == ResourceTypes.Service.GroupKind)
        {
            return Resolution.To(new Destination { Uri = $"http://{key.Name}.{key.Namespace}.svc.{clusterDomain}" });
        }

        return FromAddress(resource, target, reference.NonEmpty("address"), what);
    }

    private Resolution FromAddress(Resource resource, ObjectRef target, string? addressName, string what)
    {
        var addresses = resource.Status.Items("addresses").ToList();
        var address = addressName is not null
            ? addresses.Find(item => item.Text("name") == addressName)
            : addresses.FirstOrDefault() ?? resource.Status.At("address");
        // v0.7's addressables had only a host name.
        var url = address.NonEmpty("url")
            ?? (address.NonEmpty("hostname") is { } host ? $"http://{host}" : null);
        if (url is null)
        {
            return Resolution.Failed("NotAddressable",
                $"{what}: {target.Kind.Kind} {target.Key} has no address"
                + (addressName is null ? " (yet)" : $" named '{addressName}'"));
        }

        var resolved = FromUri(url, what);
        return resolved.Destination is { } found
            ? Resolution.To(found with
            {
                Topic = Topic(resource, target),
                CaCerts = address.NonEmpty("CACerts"),
                Audience = address.NonEmpty("audience"),
            })
            : resolved;
    }

    // Events the functions publish to a Broker take the ingress topic: its duplicate detection makes a repeated
    // step harmless.
    private string? Topic(Resource resource, ObjectRef target)
    {
        if (target.Kind == ResourceTypes.Broker.GroupKind)
        {
            return isOurBroker(resource)
                ? EntityNames.Topic(resource.Namespace, $"{resource.Name}-kn-ingress")
                : null;
        }

        return ourChannels.Any(type => type.GroupKind == target.Kind)
            ? EntityNames.Topic(resource.Namespace, resource.Name)
            : null;
    }

    private static Resolution FromUri(string text, string what) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri.Host.Length > 0
            ? Resolution.To(new Destination { Uri = text })
            : Resolution.Failed("Invalid", $"{what} is '{text}': it must be an absolute http or https address");
}
