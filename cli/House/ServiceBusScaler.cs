// KEDA's azure-servicebus scaler for the local house: counts come from the emulator's management API.
using System.Globalization;
using ServerlessEventing.Local.Workloads.Scaling;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// Answers with the active messages of a queue or a bus subscription: not the scheduled ones, not the DLQ. Whatever
/// connection a trigger names, the house's bus is meant. Names by regular expression are not followed.
/// </summary>
internal sealed class ServiceBusScaler(ServiceBusAdministrationClient bus)
{
    public const string Type = "azure-servicebus";

    // KEDA's own, where a trigger does not say.
    private const double UsualMessageCount = 5;

    public async Task<ScalerAnswer> AskAsync(
        IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        if (!TryNumber(metadata, "messageCount", UsualMessageCount, out var target) || target <= 0)
        {
            return new ScalerAnswer { Problem = $"messageCount is '{metadata["messageCount"]}': a number above 0" };
        }

        if (!TryNumber(metadata, "activationMessageCount", 0, out var activation))
        {
            return new ScalerAnswer
            {
                Problem = $"activationMessageCount is '{metadata["activationMessageCount"]}': a number",
            };
        }

        try
        {
            return await ActiveAsync(metadata, cancellationToken) is { } active
                ? new ScalerAnswer { Value = active, Target = target, Activation = activation }
                : new ScalerAnswer { Problem = "no queueName, and no topicName with subscriptionName" };
        }
        catch (ServiceBusException failure)
        {
            return new ScalerAnswer { Problem = failure.Message };
        }
    }

    private async Task<long?> ActiveAsync(
        IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        if (metadata.TryGetValue("queueName", out var queue))
        {
            return (await bus.GetQueueRuntimePropertiesAsync(queue, cancellationToken)).ActiveMessageCount;
        }

        return metadata.TryGetValue("topicName", out var topic)
            && metadata.TryGetValue("subscriptionName", out var subscription)
            ? (await bus.GetSubscriptionRuntimePropertiesAsync(topic, subscription, cancellationToken))
                .ActiveMessageCount
            : null;
    }

    private static bool TryNumber(
        IReadOnlyDictionary<string, string> metadata, string name, double usual, out double number)
    {
        number = usual;
        return !metadata.TryGetValue(name, out var text)
            || double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
