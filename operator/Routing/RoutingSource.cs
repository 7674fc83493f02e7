// The routing table of whoever leads: this replica's, or none.
namespace ServerlessEventing.Operator.Routing;

/// <summary>What serves <c>/routing</c> while this replica leads.</summary>
public sealed record RoutingSource(RoutingPublisher Publisher, RoutingBarrier Barrier);
