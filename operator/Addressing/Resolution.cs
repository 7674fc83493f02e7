// What a Destination in a spec comes to: an address, or why there is none.
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Operator.Addressing;

/// <summary>A resolved destination, or the reason and message of a condition.</summary>
public sealed record Resolution(Destination? Destination, string Reason, string Message)
{
    public static Resolution To(Destination destination) => new(destination, "", "");

    public static Resolution Failed(string reason, string message) => new(null, reason, message);
}
