// A small AMQP broker in memory whose behaviour a test decides: refusals, lost locks, restarts.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;

namespace ServerlessEventing.ServiceBus.Tests.Broker;

/// <summary>Queues over AMQPNetLite's listener; what was accepted outlives <see cref="Stop"/>.</summary>
internal sealed class TestBroker : ILinkProcessor, IHandler, IDisposable
{
    private readonly ConcurrentDictionary<string, TestQueue> queues = new(StringComparer.OrdinalIgnoreCase);
    private readonly X509Certificate2? certificate;

    // Bound, never listening: while the broker is stopped nobody else gets its port, not even a client that connects to
    // it and happens to be given the same number for its own end.
    private readonly Socket port = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private ContainerHost? host;

    /// <summary>With a certificate, it speaks TLS.</summary>
    public TestBroker(X509Certificate2? certificate = null)
    {
        this.certificate = certificate;
        port.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)port.LocalEndPoint!).Port;
        Start();
    }

    public int Port { get; }

    public string ConnectionString => $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName=Root;"
        + "SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true";

    /// <summary>The put-token requests seen.</summary>
    public ConcurrentQueue<Message> Tokens { get; } = new();

    /// <summary>What to answer to a publish; null accepts.</summary>
    public Func<Message, Outcome?> OnPublish { get; set; } = _ => null;

    /// <summary>Whether publishes are left without an answer.</summary>
    public bool IsSilent { get; set; }

    public ulong MaxMessageSize { get; set; } = 256 * 1024;

    /// <summary>Credit given to each sender.</summary>
    public int SenderCredit { get; set; } = 200;

    public int Connects => connects;

    private int connects;

    public TestQueue AddQueue(string name) => queues.GetOrAdd(name, _ => new TestQueue());

    public void Start()
    {
        var scheme = certificate is null ? "amqp" : "amqps";
        var opened = new ContainerHost([new Address("127.0.0.1", Port, null, null, "/", scheme)], certificate);
        opened.Listeners[0].SASL.EnableAnonymousMechanism = true;
        opened.Listeners[0].HandlerFactory = _ =>
        {
            Interlocked.Increment(ref connects);
            return this;
        };
        opened.RegisterRequestProcessor("$cbs", new TestNode(PutToken));
        foreach (var (name, queue) in queues)
        {
            opened.RegisterRequestProcessor($"{name}/$management", new TestNode(queue.Manage));
        }

        opened.RegisterLinkProcessor(this);
        opened.Open();
        host = opened;
    }

    /// <summary>Makes a queue's management node known to the running host.</summary>
    public TestQueue AddManagedQueue(string name)
    {
        var queue = AddQueue(name);
        host!.RegisterRequestProcessor($"{name}/$management", new TestNode(queue.Manage));
        return queue;
    }

    public void Stop()
    {
        host?.Close();
        host = null;
        foreach (var queue in queues.Values)
        {
            queue.Disconnect();
        }
    }

    public void Dispose()
    {
        Stop();
        port.Dispose();
    }

    public void Process(AttachContext attach)
    {
        var isSender = attach.Link.Role;
        var address = isSender ? ((Target)attach.Attach.Target).Address : ((Source)attach.Attach.Source).Address;
        if (!queues.TryGetValue(address, out var queue))
        {
            attach.Complete(new Error("amqp:not-found")
            {
                Description = $"The messaging entity '{address}' could not be found.",
            });
            return;
        }

        if (isSender)
        {
            attach.Attach.MaxMessageSize = MaxMessageSize;
            attach.Complete(new Publisher(this, queue), SenderCredit);
        }
        else
        {
            attach.Complete(new TestConsumer(queue), 0);
        }
    }

    bool IHandler.CanHandle(EventId id) => id == EventId.SendDelivery;

    void IHandler.Handle(Event protocolEvent)
    {
        if (TestConsumer.NextTag is { } tag && protocolEvent.Context is IDelivery delivery)
        {
            delivery.Tag = tag;
        }
    }

    private Message PutToken(Message request)
    {
        Tokens.Enqueue(request);
        return new() { ApplicationProperties = new() { ["status-code"] = 202, ["status-description"] = "Accepted" } };
    }

    private sealed class Publisher(TestBroker broker, TestQueue queue) : LinkEndpoint
    {
        public override void OnMessage(MessageContext messageContext)
        {
            if (broker.IsSilent)
            {
                return;
            }

            var answer = broker.OnPublish(messageContext.Message) ?? new Accepted();
            if (answer is Accepted)
            {
                queue.Enqueue(messageContext.Message);
            }

            messageContext.Link.DisposeMessage(messageContext.Message, answer, true);
        }

        public override void OnFlow(FlowContext flowContext)
        {
        }

        public override void OnDisposition(DispositionContext dispositionContext)
        {
        }
    }

    private sealed class TestNode(Func<Message, Message> answer) : IRequestProcessor
    {
        public int Credit => 200;

        public void Process(RequestContext requestContext) => requestContext.Complete(answer(requestContext.Message));
    }
}
