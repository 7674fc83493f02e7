// What a command says when the bus fails it.
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.Bus;

internal static class BusFailure
{
    /// <summary>The failure in one line; when nobody answered, with what to do about it.</summary>
    public static string Text(Exception failure) =>
        failure is HttpRequestException { StatusCode: null }
            or ServiceBusException { Reason: ServiceBusFailureReason.ServiceCommunicationProblem }
            ? $"{failure.Message}. Is a house up (eventing up)? Another bus is named with --connection."
            : failure.Message;
}
