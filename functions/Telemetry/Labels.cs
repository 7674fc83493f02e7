// Who a metric or a span is about, by Knative's attributes.
using System.Diagnostics;
using ServerlessEventing.Contract.Routing;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Telemetry;

/// <summary>Names of one or two objects of the routing table; none when no object is meant.</summary>
internal readonly struct Labels
{
    public const string Status = "http.response.status_code";

    private readonly Pair? first;
    private readonly string? firstName;
    private readonly Pair? second;
    private readonly string? secondName;
    private readonly string? nameSpace;

    private Labels(Pair first, string firstName, Pair? second, string? secondName, string nameSpace)
    {
        this.first = first;
        this.firstName = firstName;
        this.second = secondName is null ? null : second;
        this.secondName = secondName;
        this.nameSpace = nameSpace;
    }

    public static Labels Of(RoutedIngress? ingress) => ingress is null
        ? default
        : new(
            ingress.Kind == IngressKind.Broker ? Pair.Broker : Pair.Channel,
            ingress.Name,
            null,
            null,
            ingress.Namespace);

    public static Labels Of(Egress? egress) => egress?.Kind switch
    {
        EgressKind.Trigger => new(Pair.Trigger, egress.Name, Pair.Broker, egress.Origin, egress.Namespace),
        EgressKind.Subscription => new(
            Pair.Subscription, egress.Name, Pair.Channel, egress.Origin, egress.Namespace),
        EgressKind.Source => new(Pair.Source, egress.Name, null, null, egress.Namespace),
        _ => default,
    };

    /// <summary>As tags of a measurement.</summary>
    public TagList Tags()
    {
        var tags = default(TagList);
        if (first is not null)
        {
            tags.Add(first.Name, firstName);
            tags.Add(first.Namespace, nameSpace);
        }

        if (second is not null)
        {
            tags.Add(second.Name, secondName);
            tags.Add(second.Namespace, nameSpace);
        }

        return tags;
    }

    /// <summary>The name of a span: <c>trigger:orders.shop</c>.</summary>
    public string Span(string otherwise) => first is null ? otherwise : $"{first.Kind}:{firstName}.{nameSpace}";

    private sealed record Pair(string Kind, string Name, string Namespace)
    {
        public static readonly Pair Broker = Of("broker");
        public static readonly Pair Channel = Of("channel");
        public static readonly Pair Trigger = Of("trigger");
        public static readonly Pair Subscription = Of("subscription");
        public static readonly Pair Source = Of("source");

        private static Pair Of(string kind) => new(kind, $"kn.{kind}.name", $"kn.{kind}.namespace");
    }
}
