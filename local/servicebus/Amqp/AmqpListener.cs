// Accepts AMQP connections on a loopback port.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// One socket, many connections; each lives until its peer leaves, idles too long or the listener stops.
/// </summary>
internal sealed partial class AmqpListener : IAsyncDisposable
{
    private const int MaxConnections = 5_000;
    private static readonly TimeSpan UpkeepPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(20);
    private readonly Socket _socket;
    private readonly ConnectionContext _context;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<AmqpConnection, Task> _connections = new();
    private readonly Task _accepting;
    private readonly Task _upkeep;

    private AmqpListener(Socket socket, ConnectionContext context, ILogger logger)
    {
        _socket = socket;
        _context = context;
        _logger = logger;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
        _upkeep = UpkeepAsync();
    }

    public int Port { get; }

    /// <summary>Throws <see cref="SocketException"/> when the port is taken.</summary>
    public static AmqpListener Start(int port, ConnectionContext context, ILogger logger)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(512);
            return new AmqpListener(socket, context, logger);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        await _upkeep;
        foreach (var connection in _connections.Keys)
        {
            connection.Close("amqp:connection:forced", "The emulator is stopping.");
        }

        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _socket.AcceptAsync(_stop.Token);
                if (_connections.Count >= MaxConnections)
                {
                    Log.TooManyConnections(_logger, MaxConnections);
                    client.Dispose();
                    continue;
                }

                Serve(client);
            }
            catch (Exception problem) when (problem is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException problem)
            {
                // A client that left before it was accepted, or no more file handles: the listener goes on, in a while.
                Log.AcceptFailed(_logger, problem.Message);
                await Task.Delay(AcceptRetry);
            }
        }
    }

    private void Serve(Socket client)
    {
        client.NoDelay = true;
        client.ReceiveBufferSize = 256 * 1024;
        client.SendBufferSize = 256 * 1024;
        var connection = new AmqpConnection(client, _context, _logger);
        var run = new TaskCompletionSource();
        _connections[connection] = run.Task;
        _ = ServeAsync(connection, run);
    }

    private async Task ServeAsync(AmqpConnection connection, TaskCompletionSource run)
    {
        try
        {
            await connection.RunAsync();
        }
        catch (Exception problem)
        {
            // A bug in one connection's handling must not silence the others.
            Log.ConnectionFailed(_logger, problem);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            run.SetResult();
        }
    }

    private async Task UpkeepAsync()
    {
        using var timer = new PeriodicTimer(UpkeepPeriod);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var connection in _connections.Keys)
                {
                    Keep(connection);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private void Keep(AmqpConnection connection)
    {
        try
        {
            connection.Upkeep();
        }
        catch (Exception problem)
        {
            // One connection's trouble must not end the heartbeats of all.
            Log.ConnectionFailed(_logger, problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a connection: there are {Limit} already")]
        public static partial void TooManyConnections(ILogger logger, int limit);

        [LoggerMessage(Level = LogLevel.Debug, Message = "A connection could not be accepted: {Reason}")]
        public static partial void AcceptFailed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "An AMQP connection ended in an unexpected failure")]
        public static partial void ConnectionFailed(ILogger logger, Exception problem);
    }
}
