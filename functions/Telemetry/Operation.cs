// The steps at which an event is handed on: values of messaging.operation.name.
namespace ServerlessEventing.Functions.Telemetry;

internal static class Operation
{
    /// <summary>An ingress to the bus.</summary>
    public const string Publish = "publish";

    /// <summary>To the subscriber.</summary>
    public const string Deliver = "deliver";

    /// <summary>The subscriber's answer to where replies go.</summary>
    public const string Reply = "reply";

    /// <summary>To the dead-letter sink.</summary>
    public const string DeadLetter = "dead-letter";
}
