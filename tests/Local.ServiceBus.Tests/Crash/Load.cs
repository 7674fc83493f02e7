// Senders and receivers that keep an emulator busy until it is killed under them.
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>Each worker ends at its first failure, which is the crash.</summary>
internal sealed class Load(string connectionString, string queue, Ledger ledger, int round, int seed)
{
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;

    /// <summary>Runs until the emulator is gone and every worker has noticed.</summary>
    public async Task Run()
    {
        await using var client = new ServiceBusClient(connectionString, new ServiceBusClientOptions
        {
            RetryOptions = { MaxRetries = 0, TryTimeout = TimeSpan.FromSeconds(20) },
        });
        var highestBefore = ledger.Highest;
        Task[] workers =
        [
            Send(client), Send(client), SendBatches(client),
            Settle(client, highestBefore, new Random(seed)), Settle(client, highestBefore, new Random(seed + 1)),
        ];
        await Task.WhenAll(workers);
    }

    /// <summary>Tells workers that failures are over: the emulator has been killed.</summary>
    public void Crashed() => _crashed.TrySetResult();

    private Task Send(ServiceBusClient client) => UntilCrash(async () =>
    {
        await using var sender = client.CreateSender(queue);
        while (!_crashed.Task.IsCompleted)
        {
            var id = NextId();
            await sender.SendMessageAsync(new ServiceBusMessage(new string('x', 1024)) { MessageId = id });
            ledger.Accept(id);
        }
    });

    private Task SendBatches(ServiceBusClient client) => UntilCrash(async () =>
    {
        await using var sender = client.CreateSender(queue);
        while (!_crashed.Task.IsCompleted)
        {
            var ids = Enumerable.Range(0, 10).Select(_ => NextId()).ToList();
            await sender.SendMessagesAsync(ids.Select(id => new ServiceBusMessage("b") { MessageId = id }));
            ids.ForEach(ledger.Accept);
        }
    });

    private Task Settle(ServiceBusClient client, long highestBefore, Random random) => UntilCrash(async () =>
    {
        await using var receiver = client.CreateReceiver(queue);
        while (!_crashed.Task.IsCompleted)
        {
            var settled = ledger.Settled();
            foreach (var message in await receiver.ReceiveMessagesAsync(20, TimeSpan.FromSeconds(2)))
            {
                ledger.Received(message.MessageId, message.SequenceNumber, settled);
                if (message.MessageId.StartsWith($"{round}-", StringComparison.Ordinal))
                {
                    ledger.NumberedAfter(highestBefore, message.MessageId, message.SequenceNumber);
                }

                try
                {
                    await Settle(receiver, message, random.Next(10));
                }
                catch (ServiceBusException fault) when (fault.Reason == ServiceBusFailureReason.MessageLockLost)
                {
                    // A slow machine: the lock ended first, and the message is another receiver's.
                }
            }
        }
    });

    private async Task Settle(ServiceBusReceiver receiver, ServiceBusReceivedMessage message, int dice)
    {
        switch (dice)
        {
            case < 7:
                ledger.Completing(message.MessageId);
                await receiver.CompleteMessageAsync(message);
                ledger.Complete(message.MessageId);
                break;
            case 7:
                ledger.Burying(message.MessageId);
                await receiver.DeadLetterMessageAsync(message, "crash test", null);
                ledger.Bury(message.MessageId);
                break;
            case 8:
                await receiver.AbandonMessageAsync(message);
                break;
            default:
                // Left locked: a crash or the lock's end gives it back.
                break;
        }
    }

    private static async Task UntilCrash(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception fault) when (fault is ServiceBusException or OperationCanceledException or IOException)
        {
            // The crash. The ledger knows what had been promised.
        }
    }

    private string NextId() => $"{round}-{Interlocked.Increment(ref _next)}";
}
