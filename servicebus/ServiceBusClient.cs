// The way into the bus: one connection, and senders, receivers and processors on it.
using Azure.Core;
using ServerlessEventing.ServiceBus.Authorization;
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// A client of one Service Bus namespace. All that it creates shares one AMQP connection, which is opened when first
/// needed and opened again, with its links, whenever it is lost.
/// <code>
///   ServiceBusClient ─► BusConnection ─► LiveConnection   one at a time; thrown away when lost
///        │                                ├ $cbs          a token per entity, renewed
///        ├ ServiceBusSender    ─►         ├ SendingLink
///        ├ ServiceBusReceiver  ─►         ├ ReceivingLink, RequestLink ($management)
///        ├ ServiceBusProcessor ─►         ├ ReceivingLink, RequestLink ($management)
///        └ …SessionProcessor   ─►         └ ReceivingLink for each session held
/// </code>
/// </summary>
public sealed class ServiceBusClient : IAsyncDisposable
{
    private readonly ServiceBusClientOptions options;

    /// <summary>A client for a connection string; nothing is opened yet.</summary>
    public ServiceBusClient(string connectionString)
        : this(connectionString, new ServiceBusClientOptions())
    {
    }

    /// <summary>A client for a connection string; nothing is opened yet.</summary>
    public ServiceBusClient(string connectionString, ServiceBusClientOptions? options)
        : this(ServiceBusConnectionStringProperties.Parse(connectionString), credential: null, options)
    {
    }

    /// <summary>A client for a namespace, such as <c>mine.servicebus.windows.net</c>, and an Entra identity.</summary>
    public ServiceBusClient(
        string fullyQualifiedNamespace, TokenCredential credential, ServiceBusClientOptions? options = null)
        : this(
            ServiceBusConnectionStringProperties.ForHost(fullyQualifiedNamespace),
            credential ?? throw new ArgumentNullException(nameof(credential)),
            options)
    {
    }

    internal ServiceBusClient(
        ServiceBusConnectionStringProperties properties, TokenCredential? credential, ServiceBusClientOptions? options)
    {
        this.options = options ?? new();
        FullyQualifiedNamespace = properties.FullyQualifiedNamespace;
        EntityPath = properties.EntityPath;
        Identifier = this.options.Identifier ?? $"{FullyQualifiedNamespace}-{Guid.NewGuid():N}";
        Retry = new(this.options.RetryOptions, this.options.TimeProvider);
        Connection = new(new()
        {
            Host = properties.Endpoint.Host,
            Port = properties.AmqpPort,
            UseTls = !properties.UseDevelopmentEmulator,
            CertificateValidation = this.options.CertificateValidationCallback,
            ContainerId = Identifier,
            Credential = ServiceBusCredential.From(properties, credential, this.options.TimeProvider),
            Timeout = this.options.RetryOptions.TryTimeout,
            TimeProvider = this.options.TimeProvider,
        });
    }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace { get; }

    /// <summary>Names this client in the service's diagnostics.</summary>
    public string Identifier { get; }

    /// <summary>Whether the client was disposed of.</summary>
    public bool IsClosed { get; private set; }

    internal BusConnection Connection { get; }

    internal RetryPolicy Retry { get; }

    internal TimeProvider TimeProvider => options.TimeProvider;

    private string? EntityPath { get; }

    /// <summary>A sender to a queue or topic.</summary>
    public ServiceBusSender CreateSender(string queueOrTopicName) =>
        CreateSender(queueOrTopicName, new ServiceBusSenderOptions());

    /// <summary>A sender to a queue or topic.</summary>
    public ServiceBusSender CreateSender(string queueOrTopicName, ServiceBusSenderOptions? options) =>
        new(this, Checked(queueOrTopicName), options ?? new());

    /// <summary>A receiver from a queue.</summary>
    public ServiceBusReceiver CreateReceiver(string queueName) =>
        CreateReceiver(queueName, new ServiceBusReceiverOptions());

    /// <summary>A receiver from a queue.</summary>
    public ServiceBusReceiver CreateReceiver(string queueName, ServiceBusReceiverOptions? options) =>
        new(this, Checked(queueName), options ?? new());

    /// <summary>A receiver from a bus subscription.</summary>
    public ServiceBusReceiver CreateReceiver(string topicName, string subscriptionName) =>
        CreateReceiver(topicName, subscriptionName, new ServiceBusReceiverOptions());

    /// <summary>A receiver from a bus subscription.</summary>
    public ServiceBusReceiver CreateReceiver(
        string topicName, string subscriptionName, ServiceBusReceiverOptions? options) =>
        new(this, SubscriptionPath(topicName, subscriptionName), options ?? new());

    /// <summary>Accepts a session of a queue; SessionCannotBeLocked when another receiver holds it.</summary>
    public Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string queueName,
        string sessionId,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sessionId);
        return ServiceBusSessionReceiver.AcceptAsync(
            this, Checked(queueName), sessionId, options ?? new(), cancellationToken);
    }

    /// <summary>Accepts a session of a bus subscription.</summary>
    public Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string topicName,
        string subscriptionName,
        string sessionId,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sessionId);
        return ServiceBusSessionReceiver.AcceptAsync(
            this, SubscriptionPath(topicName, subscriptionName), sessionId, options ?? new(), cancellationToken);
    }

    /// <summary>
    /// Accepts the next session of a queue that is free and has messages; fails with ServiceTimeout when none turned up
    /// in as many tries as the client's retry options allow.
    /// </summary>
    public Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(
        string queueName,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default) =>
        ServiceBusSessionReceiver.AcceptAsync(
            this, Checked(queueName), sessionId: null, options ?? new(), cancellationToken);

    /// <summary>Accepts the next session of a bus subscription that is free and has messages.</summary>
    public Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(
        string topicName,
        string subscriptionName,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default) =>
        ServiceBusSessionReceiver.AcceptAsync(
            this,
            SubscriptionPath(topicName, subscriptionName),
            sessionId: null,
            options ?? new(),
            cancellationToken);

    /// <summary>A processor of a queue's messages.</summary>
    public ServiceBusProcessor CreateProcessor(string queueName) =>
        CreateProcessor(queueName, new ServiceBusProcessorOptions());

    /// <summary>A processor of a queue's messages.</summary>
    public ServiceBusProcessor CreateProcessor(string queueName, ServiceBusProcessorOptions? options) =>
        new(this, Checked(queueName), options ?? new());

    /// <summary>A processor of a bus subscription's messages.</summary>
    public ServiceBusProcessor CreateProcessor(string topicName, string subscriptionName) =>
        CreateProcessor(topicName, subscriptionName, new ServiceBusProcessorOptions());

    /// <summary>A processor of a bus subscription's messages.</summary>
    public ServiceBusProcessor CreateProcessor(
        string topicName, string subscriptionName, ServiceBusProcessorOptions? options) =>
        new(this, SubscriptionPath(topicName, subscriptionName), options ?? new());

    /// <summary>A processor of a queue's sessions.</summary>
    public ServiceBusSessionProcessor CreateSessionProcessor(
        string queueName, ServiceBusSessionProcessorOptions? options = null) =>
        new(this, Checked(queueName), options ?? new());

    /// <summary>A processor of a bus subscription's sessions.</summary>
    public ServiceBusSessionProcessor CreateSessionProcessor(
        string topicName, string subscriptionName, ServiceBusSessionProcessorOptions? options = null) =>
        new(this, SubscriptionPath(topicName, subscriptionName), options ?? new());

    /// <summary>Closes the connection and all that lives on it.</summary>
    public async ValueTask DisposeAsync()
    {
        IsClosed = true;
        await Connection.DisposeAsync();
    }

    internal static string WithSubQueue(string entityPath, SubQueue subQueue) => subQueue switch
    {
        SubQueue.DeadLetter => $"{entityPath}/$DeadLetterQueue",
        SubQueue.TransferDeadLetter => $"{entityPath}/$Transfer/$DeadLetterQueue",
        _ => entityPath,
    };

    private string SubscriptionPath(string topicName, string subscriptionName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(subscriptionName);
        return $"{Checked(topicName)}/Subscriptions/{subscriptionName}";
    }

    private string Checked(string entityName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(entityName);
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return EntityPath is null || string.Equals(EntityPath, entityName, StringComparison.OrdinalIgnoreCase)
            ? entityName
            : throw new ArgumentException(
                $"The connection string gives access to '{EntityPath}' only, not to '{entityName}'.");
    }
}
