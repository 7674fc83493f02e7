// `eventing servicebus` as people run it: the emulator with a config file, and a look inside.
using System.Globalization;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class ServiceBusCommandTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ServiceBus_WithAConfigFile_CanBeListedPeekedIntoAndPurged()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["config.json"], """
            { "UserConfig": { "Namespaces": [ { "Name": "n", "Queues": [
              { "Name": "orders" }, { "Name": "ordered", "Properties": { "RequiresSession": true } } ] } ] } }
            """);
        var (amqp, admin) = (FreePort.Next(), FreePort.Next());
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var emulator = Eventing.Start(
            [
                "servicebus", "--data", folder["bus"], "--config", folder["config.json"], "--key", "our-key",
                "--port", Text(amqp), "--admin-port", Text(admin),
            ],
            line =>
            {
                if (line.Contains("Connection string", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            });
        try
        {
            await ready.Task.WaitAsync(Limit);
            var connection = $"Endpoint=sb://localhost:{amqp};SharedAccessKeyName=RootManageSharedAccessKey;" +
                "SharedAccessKey=our-key;UseDevelopmentEmulator=true;";
            await using (var client = new ServiceBusClient(connection))
            {
                await client.CreateSender("orders").SendMessageAsync(new ServiceBusMessage("one order"));
                await client.CreateSender("ordered").SendMessagesAsync(
                    new[] { "a", "b", "a" }.Select(id => new ServiceBusMessage("in order") { SessionId = id }));
            }

            var (code, list) = await Eventing.RunAsync(
                Limit, "servicebus", "list", "--connection", connection, "--admin-port", Text(admin));
            Assert.True(code == 0, list);
            Assert.Matches(@"orders +1 +0 +0", list);
            var (_, peeked) = await Eventing.RunAsync(
                Limit, "servicebus", "peek", "orders", "--connection", connection);
            Assert.Contains("one order", peeked, StringComparison.Ordinal);
            var (_, purged) = await Eventing.RunAsync(
                Limit, "servicebus", "purge", "orders", "--connection", connection);
            Assert.Contains("1 message deleted", purged, StringComparison.Ordinal);
            var (_, emptied) = await Eventing.RunAsync(
                Limit, "servicebus", "purge", "ordered", "--connection", connection);
            Assert.Contains("3 messages deleted", emptied, StringComparison.Ordinal);
            var (missing, said) = await Eventing.RunAsync(
                Limit, "servicebus", "peek", "nothing", "--connection", connection);
            Assert.Equal(1, missing);
            Assert.Contains("'nothing' could not be found", said, StringComparison.Ordinal);
        }
        finally
        {
            emulator.Kill();
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
