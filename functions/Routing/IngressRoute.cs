// An address that takes events in, ready for use.
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Routing;

/// <summary>An ingress and whether one of its lanes is under pressure in the same table.</summary>
internal sealed record IngressRoute(RoutedIngress Ingress, bool UnderPressure);
