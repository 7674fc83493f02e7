// Accepts AMQP connections: on a loopback port, and those that came to the other one as WebSockets.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
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
    private readonly X509Certificate2? _certificate;
    private readonly ConnectionContext _context;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<AmqpConnection, Task> _connections = new();
    private readonly Task _accepting;
    private readonly Task _upkeep;

    private AmqpListener(Socket socket, X509Certificate2? certificate, ConnectionContext context, ILogger logger)
    {
        _socket = socket;
        _certificate = certificate;
        _context = context;
        _logger = logger;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
        _upkeep = UpkeepAsync();
    }

    public int Port { get; }

    /// <summary>Throws <see cref="SocketException"/> when the port is taken.</summary>
    public static AmqpListener Start(
        IPEndPoint endpoint, X509Certificate2? certificate, ConnectionContext context, ILogger logger)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            socket.Listen(512);
            return new AmqpListener(socket, certificate, context, logger);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Serves a client that came as a WebSocket; ends when its connection does.</summary>
    public async Task ServeAsync(WebSocket socket)
    {
        if (_connections.Count >= MaxConnections)
        {
            Log.TooManyConnections(_logger, MaxConnections);
            return;
        }

        using var transport = AmqpTransport.Over(socket);
        await ServeAsync(transport);
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

                _ = ServeAsync(client);
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

    private async Task ServeAsync(Socket client)
    {
        try
        {
            await ServeAsync(await AmqpTransport.OverAsync(client, _certificate));
        }
        catch (Exception problem)
        {
            // It left, or is no client for this port: TLS wants TLS.
            Log.HandshakeFailed(_logger, problem.Message);
            client.Dispose();
        }
    }

    private async Task ServeAsync(AmqpTransport transport)
    {
        var connection = new AmqpConnection(transport, _context, _logger);
        var run = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections[connection] = run.Task;
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

        [LoggerMessage(Level = LogLevel.Debug, Message = "A client did not get as far as AMQP: {Reason}")]
        public static partial void HandshakeFailed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "An AMQP connection ended in an unexpected failure")]
        public static partial void ConnectionFailed(ILogger logger, Exception problem);
    }
}
