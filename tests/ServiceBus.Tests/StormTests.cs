// Many callers meet a broker that does not answer, or a client that is gone: nobody waits for the others' turns.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ServerlessEventing.ServiceBus.Tests.Broker;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class StormTests
{
    [Fact]
    public async Task BrokerIsSilent_ManyCallersShareOneAttempt()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        await using var client = new ServiceBusClient(
            $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=a;SharedAccessKey=Yg==;UseDevelopmentEmulator=true",
            new() { RetryOptions = new() { MaxRetries = 0, TryTimeout = TimeSpan.FromSeconds(2) } });
        var senders = Enumerable.Range(0, 10).Select(number => client.CreateSender($"q{number}")).ToArray();
        var watch = Stopwatch.StartNew();

        var failures = await Task.WhenAll(Enumerable.Range(0, 100).Select(
            number => Record.ExceptionAsync(
                () => senders[number % senders.Length].SendMessageAsync(new("x"))).AsTask()));

        // One after the other they would need 200 s.
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        Assert.All(failures, failure => Assert.Equal(
            ServiceBusFailureReason.ServiceTimeout, Assert.IsType<ServiceBusException>(failure).Reason));
    }

    [Fact]
    public async Task OneCallerGivesUp_TheOthersStillGetTheLink()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        broker.Stop();
        await using var client = new ServiceBusClient(broker.ConnectionString, new()
        {
            RetryOptions = new() { MaxRetries = 100, Mode = ServiceBusRetryMode.Fixed },
        });
        await using var sender = client.CreateSender("a");
        using var impatient = new CancellationTokenSource();
        var givenUp = sender.SendMessageAsync(new("x"), impatient.Token);
        var patient = sender.SendMessageAsync(new("y"));
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        broker.Start();
        await patient;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposed_FurtherSendsFailAtOnce(bool client)
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        var bus = new ServiceBusClient(broker.ConnectionString);
        var sender = bus.CreateSender("a");
        await sender.SendMessageAsync(new("x"));
        await (client ? bus.DisposeAsync() : sender.DisposeAsync());

        var failure = sender.SendMessageAsync(new("y"));

        // With retries it would be five seconds and more.
        await Eventually.True(() => failure.IsCompleted, "it fails", TimeSpan.FromSeconds(4));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => failure);
        await bus.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_WhileOpening_DoesNotWaitForTheBroker()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        var client = new ServiceBusClient(
            $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=a;SharedAccessKey=Yg==;UseDevelopmentEmulator=true");
        var sending = client.CreateSender("q").SendMessageAsync(new("x"));
        using var accepted = await silent.AcceptTcpClientAsync();

        await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAsync<ObjectDisposedException>(() => sending);
    }
}
