// One AMQP connection: handshake, frames in and out, sessions.
using System.Net.Sockets;
using System.Net.WebSockets;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// <code>
///   stream ─► read loop ─► 1 protocol header, SASL   2 open   3 frames ─► AmqpSession ─► AmqpLink ─► broker
///                                                                                            │
///   stream ◄─ write loop ◄─ OutgoingFrames ◄─ one lock (Gate) ◄── journal and pump threads ◄─┘
/// </code>
/// Written on AMQPNetLite's codec rather than its listener: that one zeroes credit on flows without any, answers drain
/// without saying so, writes open before a client can read it, and closes the connection on any exception.
/// Nothing is ever sent before the peer has spoken: some clients drop what arrives together with the SASL outcome.
/// </summary>
internal sealed partial class AmqpConnection(
    AmqpTransport transport, ConnectionContext context, ILogger logger)
{
    public const int MaxFrameSize = 64 * 1024;
    private const int MaxSessions = 1024;
    private const int RoomBytes = 4 * 1024 * 1024;
    private const uint IdleTimeoutMilliseconds = 240_000;
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(2);
    private readonly Dictionary<ushort, AmqpSession> _sessions = [];
    private readonly OutgoingFrames _frames = new();
    private readonly List<AccessGrant> _grants = [];
    private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _sending;
    private bool _closing;
    private bool _opened;
    private volatile int _unsent;
    private bool _wasFull;
    private long _lastReceived = Environment.TickCount64;
    private long _lastWork = Environment.TickCount64;
    private long _lastSent = Environment.TickCount64;
    private uint _peerIdleTimeout;

    /// <summary>
    /// Guards everything of this connection, its sessions and its links. Never held while calling out.
    /// </summary>
    public Lock Gate { get; } = new();

    public ConnectionContext Context { get; } = context;

    public ILogger Logger { get; } = logger;

    public OpenTransactions Transactions { get; } = new(context.Broker);

    public int PeerMaxFrameSize { get; private set; } = 512;

    /// <summary>False while so much waits to be sent that no more messages should be taken for this peer.</summary>
    public bool HasRoom => _unsent < RoomBytes;

    public bool IsClosing => _closing;

    public async Task RunAsync()
    {
        try
        {
            await ReadAsync();
        }
        catch (Exception problem) when (IsLoss(problem))
        {
            Log.Lost(Logger, problem.Message);
        }
        catch (Exception problem) when (problem is WireFormatException or AmqpException or InvalidCastException)
        {
            Log.Malformed(Logger, problem.Message);
            var condition = (problem as AmqpException)?.Error?.Condition ?? "amqp:decode-error";
            Close(condition, problem.Message);
        }
        catch (Exception problem)
        {
            // A bug in handling one frame: this peer is told, the others live.
            Log.Failed(Logger, problem);
            Close("amqp:internal-error", "The frame could not be handled; the emulator's log says why.");
        }
        finally
        {
            Finish();
        }
    }

    /// <summary>Sends close and ends; safe from any thread.</summary>
    public void Close(string condition, string description)
    {
        lock (Gate)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
            if (_opened)
            {
                _frames.Write(0, new Close { Error = new Error(condition) { Description = description } });
            }

            Flush();
        }
    }

    /// <summary>Writes a frame; call with the gate held, then <see cref="Flush"/>.</summary>
    public void Write(ushort channel, Described performative)
    {
        if (!_closing)
        {
            _frames.Write(channel, performative);
        }
    }

    public void Write(ushort channel, Described performative, byte[] payload, int offset, int count)
    {
        if (!_closing)
        {
            _frames.Write(channel, performative, payload, offset, count);
        }
    }

    /// <summary>Starts sending what was written, unless that is under way. Call with the gate held.</summary>
    public void Flush()
    {
        if (!_sending)
        {
            _sending = true;
            ThreadPool.UnsafeQueueUserWorkItem(
                static connection => connection.StartSending(), this, preferLocal: false);
        }
    }

    public void Grant(AccessGrant grant)
    {
        lock (Gate)
        {
            _grants.RemoveAll(old => old.Path == grant.Path || Context.Access.IsExpired(old));
            _grants.Add(grant);
        }
    }

    /// <summary>Call with the gate held.</summary>
    public bool MayUse(string entity, AccessRights rights) => Context.Access.Open
        || _grants.Exists(grant => grant.Covers(entity, rights) && !Context.Access.IsExpired(grant));

    /// <summary>Any link of this connection; call with the gate held.</summary>
    public IEnumerable<AmqpLink> Links => _sessions.Values.SelectMany(session => session.Links);

    /// <summary>Heartbeats out, and an end to peers that have been silent too long.</summary>
    public void Upkeep()
    {
        var now = Environment.TickCount64;
        if (now - Interlocked.Read(ref _lastReceived) > 2 * IdleTimeoutMilliseconds)
        {
            Close("amqp:resource-limit-exceeded", "Nothing was received for too long.");
            Finish();
            return;
        }

        if (Context.Broker.Quirks is { } quirks
            && now - Interlocked.Read(ref _lastWork) > quirks.IdleLimit.TotalMilliseconds)
        {
            quirks.Count(Quirk.IdleDisconnect);
            Close(
                "amqp:connection:forced",
                $"The connection was inactive for more than the allowed {quirks.IdleLimit.TotalMilliseconds} " +
                "milliseconds and is closed by container 'LinkTracker'.");
            Finish();
            return;
        }

        lock (Gate)
        {
            if (_opened && !_closing && _peerIdleTimeout > 0 && now - _lastSent >= _peerIdleTimeout / 2)
            {
                _frames.WriteEmpty();
                Flush();
            }
        }
    }

    private async Task ReadAsync()
    {
        var input = new FrameInput(transport.Stream);
        var header = await input.ReadHeaderAsync();
        if (header == ProtocolId.Sasl)
        {
            Respond(frames => frames.WriteRaw(ProtocolHeaders.Sasl));
            var sasl = new SaslExchange(Context.Access);
            Respond(frames => frames.WriteSasl(SaslExchange.Mechanisms));
            var init = await input.ReadFrameAsync();
            var (outcome, grant) = sasl.Answer(init.Performative);
            Respond(frames => frames.WriteSasl(outcome));
            if (grant is not null)
            {
                Grant(grant);
            }

            header = await input.ReadHeaderAsync();
        }

        if (header != ProtocolId.Amqp)
        {
            Respond(frames => frames.WriteRaw(ProtocolHeaders.Amqp));
            throw new EndOfStreamException("The peer speaks another protocol.");
        }

        Respond(frames => frames.WriteRaw(ProtocolHeaders.Amqp));
        while (true)
        {
            var frame = await input.ReadFrameAsync();
            Interlocked.Exchange(ref _lastReceived, Environment.TickCount64);
            if (frame.Performative is Close)
            {
                Respond(frames => frames.Write(0, new Close()));
                return;
            }

            if (frame.Performative is not null)
            {
                Interlocked.Exchange(ref _lastWork, Environment.TickCount64);
                Handle(frame);
            }
        }
    }

    private void Respond(Action<OutgoingFrames> write)
    {
        lock (Gate)
        {
            if (!_closing)
            {
                write(_frames);
                Flush();
            }
        }
    }

    private void Handle(in IncomingFrame frame)
    {
        switch (frame.Performative)
        {
            case Open open:
                OnOpen(open);
                break;
            case Begin begin:
                OnBegin(frame.Channel, begin);
                break;
            case End:
                OnEnd(frame.Channel);
                break;
            default:
                SessionOf(frame.Channel).Handle(frame.Performative!, frame.Payload);
                break;
        }
    }

    private void OnOpen(Open open)
    {
        lock (Gate)
        {
            _opened = true;
            PeerMaxFrameSize = (int)Math.Clamp(open.MaxFrameSize, 512, MaxFrameSize);
            _peerIdleTimeout = open.IdleTimeOut;
            _frames.Write(0, new Open
            {
                ContainerId = Context.ContainerId,
                HostName = open.HostName,
                MaxFrameSize = MaxFrameSize,
                ChannelMax = MaxSessions - 1,
                IdleTimeOut = IdleTimeoutMilliseconds,
                Properties = [],
            });
            Flush();
        }
    }

    private void OnBegin(ushort channel, Begin begin)
    {
        lock (Gate)
        {
            if (channel >= MaxSessions || _sessions.ContainsKey(channel))
            {
                throw new AmqpException(new Error("amqp:not-allowed")
                {
                    Description = $"Channel {channel} is in use or beyond the {MaxSessions} allowed.",
                });
            }

            var session = new AmqpSession(this, channel, begin);
            _sessions[channel] = session;
            session.Begin();
            Flush();
        }
    }

    private void OnEnd(ushort channel)
    {
        AmqpLink[] links;
        lock (Gate)
        {
            if (!_sessions.Remove(channel, out var session))
            {
                return;
            }

            session.FlushDispositions();
            links = session.End();
            Write(channel, new End());
            Flush();
        }

        Array.ForEach(links, link => link.Closed());
    }

    private AmqpSession SessionOf(ushort channel)
    {
        lock (Gate)
        {
            return _sessions.TryGetValue(channel, out var session)
                ? session
                : throw new AmqpException(new Error("amqp:not-found")
                {
                    Description = $"No session on channel {channel}.",
                });
        }
    }

    private void StartSending() => _ = SendAsync();

    private async Task SendAsync()
    {
        try
        {
            while (TakeUnsent() is { } buffer)
            {
                await transport.Stream.WriteAsync(buffer.Buffer.AsMemory(buffer.Offset, buffer.Length));
                Sent(buffer);
            }

            if (_closing)
            {
                await transport.EndOutputAsync();
                _flushed.TrySetResult();
            }
        }
        catch (Exception problem) when (IsLoss(problem))
        {
            lock (Gate)
            {
                // Stays "sending": nothing more is sent on a broken stream; the read loop ends by itself.
                _closing = true;
            }

            _flushed.TrySetResult();
            transport.Dispose();
        }
        catch (Exception problem)
        {
            Log.Failed(Logger, problem);
            _flushed.TrySetResult();
            transport.Dispose();
        }
    }

    private ByteBuffer? TakeUnsent()
    {
        lock (Gate)
        {
            foreach (var session in _sessions.Values)
            {
                session.FlushDispositions();
            }

            if (_frames.Length == 0)
            {
                // Having said goodbye it stays "sending": nothing may follow.
                _sending = _closing;
                return null;
            }

            _unsent = _frames.Length;
            _wasFull |= !HasRoom;
            return _frames.Take();
        }
    }

    private void Sent(ByteBuffer buffer)
    {
        AmqpLink[] waiting = [];
        lock (Gate)
        {
            _frames.Return(buffer);
            _unsent = _frames.Length;
            _lastSent = Environment.TickCount64;
            if (_wasFull && HasRoom)
            {
                _wasFull = false;
                waiting = Links.ToArray();
            }
        }

        foreach (var link in waiting)
        {
            link.RoomAgain();
        }
    }

    /// <summary>Call with the gate held, after writing messages.</summary>
    public void CountUnsent()
    {
        _unsent = _frames.Length;
        _wasFull |= !HasRoom;
    }

    private void Finish()
    {
        AmqpLink[] links;
        lock (Gate)
        {
            _closing = true;
            links = [.. _sessions.Values.SelectMany(session => session.End())];
            _sessions.Clear();
        }

        Array.ForEach(links, link => link.Closed());

        _ = CloseSocketAsync();
    }

    private async Task CloseSocketAsync()
    {
        lock (Gate)
        {
            Flush();
        }

        await Task.WhenAny(_flushed.Task, Task.Delay(CloseGrace));
        transport.Dispose();
    }

    private static bool IsLoss(Exception problem) =>
        problem is IOException or SocketException or WebSocketException or ObjectDisposedException;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "An AMQP connection was lost: {Reason}")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "An AMQP connection ended in an unexpected failure")]
        public static partial void Failed(ILogger logger, Exception problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "An AMQP connection is closed: {Reason}")]
        public static partial void Malformed(ILogger logger, string reason);
    }
}
