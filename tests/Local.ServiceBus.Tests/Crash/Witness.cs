// Compares what the emulator holds after a crash with the ledger.
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>Only looks, so the load can go on afterwards.</summary>
internal static class Witness
{
    /// <summary>Promises that were broken; asked while nothing is being sent or settled.</summary>
    public static async Task<List<string>> OffencesAsync(
        string connection, string managementConnection, string queue, Ledger ledger)
    {
        if (!await new ServiceBusAdministrationClient(managementConnection).QueueExistsAsync(queue))
        {
            return [$"the queue is gone, with {ledger.Owed().Count} messages"];
        }

        await using var client = new ServiceBusClient(connection);
        var waiting = await PeekAllAsync(client.CreateReceiver(queue));
        var buried = await PeekAllAsync(client.CreateReceiver(
            queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter }));
        return
        [
            .. ledger.Owed().Except(waiting).Select(id => $"{id} was accepted and is gone"),
            .. ledger.Buried.Keys.Except(buried).Select(id => $"{id} was dead-lettered and is gone"),
            .. ledger.Settled().Intersect(waiting).Select(id => $"{id} was settled and is back"),
            .. ledger.Offences,
        ];
    }

    private static async Task<HashSet<string>> PeekAllAsync(ServiceBusReceiver receiver)
    {
        await using var closing = receiver;
        var ids = new HashSet<string>();
        while (await receiver.PeekMessagesAsync(250) is { Count: > 0 } page)
        {
            ids.UnionWith(page.Select(message => message.MessageId));
        }

        return ids;
    }
}
