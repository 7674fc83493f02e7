// One subscriber's path, ready for use: filter compiled, addresses parsed.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Routing;

internal sealed class EgressRoute
{
    public EgressRoute(Egress egress)
    {
        Egress = egress;
        var compilation = FilterCompiler.Compile(egress.Filters);
        Filter = compilation.Filter;
        FilterError = compilation.Error;
        Subscriber = Target.Of(egress.Destination);
        Reply = Target.Of(egress.Reply);
        DeadLetterSink = Target.Of(egress.DeadLetterSink);
    }

    public Egress Egress { get; }

    /// <summary>The filter to re-check; null when <see cref="FilterError"/> says why there is none.</summary>
    public CompiledFilter? Filter { get; }

    public string? FilterError { get; }

    /// <summary>Who gets the events; null for a Subscription with only a reply.</summary>
    public Target? Subscriber { get; }

    public Target? Reply { get; }

    public Target? DeadLetterSink { get; }

    /// <summary>
    /// The lane on whose retries queue a message waits. An ordered egress has none: what does not wait inside a
    /// session, because it was sent again from the dead letters, goes back to where it came from.
    /// </summary>
    public string RetriesLane(string cameFrom) =>
        Egress.Dedicated is { Ordered: true } ? cameFrom : Egress.Lane;
}
