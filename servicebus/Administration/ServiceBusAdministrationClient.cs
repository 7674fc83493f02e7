// Makes, changes, lists and removes the entities of a namespace.
using Azure.Core;
using ServerlessEventing.ServiceBus.Authorization;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>
/// The administration client of one namespace; safe for any number of callers at once. Where the official client
/// answers with a response that converts to its value, this one answers with the value; its pageables are async
/// enumerables.
/// </summary>
public sealed class ServiceBusAdministrationClient
{
    private const string Queues = "$Resources/Queues";
    private const string Topics = "$Resources/Topics";
    private const string Namespace = "$namespaceinfo";

    private readonly AtomClient atom;
    private readonly EntityXml xml;

    /// <summary>A client for a connection string; nothing is sent yet.</summary>
    public ServiceBusAdministrationClient(string connectionString)
        : this(connectionString, new ServiceBusAdministrationClientOptions())
    {
    }

    /// <summary>A client for a connection string; nothing is sent yet.</summary>
    public ServiceBusAdministrationClient(string connectionString, ServiceBusAdministrationClientOptions? options)
        : this(ServiceBusConnectionStringProperties.Parse(connectionString), credential: null, options)
    {
    }

    /// <summary>A client for a namespace, such as <c>mine.servicebus.windows.net</c>, and an Entra identity.</summary>
    public ServiceBusAdministrationClient(
        string fullyQualifiedNamespace,
        TokenCredential credential,
        ServiceBusAdministrationClientOptions? options = null)
        : this(
            ServiceBusConnectionStringProperties.ForHost(fullyQualifiedNamespace),
            credential ?? throw new ArgumentNullException(nameof(credential)),
            options)
    {
    }

    internal ServiceBusAdministrationClient(
        ServiceBusConnectionStringProperties properties,
        TokenCredential? credential,
        ServiceBusAdministrationClientOptions? options)
    {
        options ??= new();
        var resource = new Uri($"sb://{properties.Endpoint.Host}/");
        xml = new(resource);
        atom = new(
            properties.ManagementEndpoint,
            resource,
            ServiceBusCredential.From(properties, credential, options.TimeProvider),
            new(options.RetryOptions, options.TimeProvider));
    }

    /// <summary>What the service says of the namespace.</summary>
    public async Task<NamespaceProperties> GetNamespacePropertiesAsync(CancellationToken cancellationToken = default) =>
        RuntimeXml.ReadNamespace(await atom.GetAsync(Namespace, cancellationToken));

    /// <summary>Makes a queue with the service's defaults.</summary>
    public Task<QueueProperties> CreateQueueAsync(string name, CancellationToken cancellationToken = default) =>
        CreateQueueAsync(new CreateQueueOptions(name), cancellationToken);

    /// <summary>Makes a queue.</summary>
    public Task<QueueProperties> CreateQueueAsync(
        CreateQueueOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PutAsync(options.ToProperties(), isUpdate: false, cancellationToken);
    }

    /// <summary>Changes a queue to be as given.</summary>
    public Task<QueueProperties> UpdateQueueAsync(
        QueueProperties queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return PutAsync(queue, isUpdate: true, cancellationToken);
    }

    /// <summary>A queue as it is.</summary>
    public async Task<QueueProperties> GetQueueAsync(string name, CancellationToken cancellationToken = default) =>
        EntityXml.ReadQueue(await GetAsync(Path(name), "QueueDescription", cancellationToken));

    /// <summary>How a queue is doing.</summary>
    public async Task<QueueRuntimeProperties> GetQueueRuntimePropertiesAsync(
        string name, CancellationToken cancellationToken = default) =>
        RuntimeXml.ReadQueue(await GetAsync(Path(name), "QueueDescription", cancellationToken));

    /// <summary>Whether there is such a queue.</summary>
    public Task<bool> QueueExistsAsync(string name, CancellationToken cancellationToken = default) =>
        ExistsAsync(Path(name), "QueueDescription", cancellationToken);

    /// <summary>Removes a queue and its messages.</summary>
    public Task DeleteQueueAsync(string name, CancellationToken cancellationToken = default) =>
        atom.DeleteAsync(Path(name), cancellationToken);

    /// <summary>All queues.</summary>
    public IAsyncEnumerable<QueueProperties> GetQueuesAsync(CancellationToken cancellationToken = default) =>
        ListAsync(Queues, EntityXml.ReadQueue, cancellationToken);

    /// <summary>How all queues are doing.</summary>
    public IAsyncEnumerable<QueueRuntimeProperties> GetQueuesRuntimePropertiesAsync(
        CancellationToken cancellationToken = default) => ListAsync(Queues, RuntimeXml.ReadQueue, cancellationToken);

    /// <summary>Makes a topic with the service's defaults.</summary>
    public Task<TopicProperties> CreateTopicAsync(string name, CancellationToken cancellationToken = default) =>
        CreateTopicAsync(new CreateTopicOptions(name), cancellationToken);

    /// <summary>Makes a topic.</summary>
    public Task<TopicProperties> CreateTopicAsync(
        CreateTopicOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PutAsync(options.ToProperties(), isUpdate: false, cancellationToken);
    }

    /// <summary>Changes a topic to be as given.</summary>
    public Task<TopicProperties> UpdateTopicAsync(
        TopicProperties topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return PutAsync(topic, isUpdate: true, cancellationToken);
    }

    /// <summary>A topic as it is.</summary>
    public async Task<TopicProperties> GetTopicAsync(string name, CancellationToken cancellationToken = default) =>
        EntityXml.ReadTopic(await GetAsync(Path(name), "TopicDescription", cancellationToken));

    /// <summary>How a topic is doing.</summary>
    public async Task<TopicRuntimeProperties> GetTopicRuntimePropertiesAsync(
        string name, CancellationToken cancellationToken = default) =>
        RuntimeXml.ReadTopic(await GetAsync(Path(name), "TopicDescription", cancellationToken));

    /// <summary>Whether there is such a topic.</summary>
    public Task<bool> TopicExistsAsync(string name, CancellationToken cancellationToken = default) =>
        ExistsAsync(Path(name), "TopicDescription", cancellationToken);

    /// <summary>Removes a topic with its bus subscriptions and their messages.</summary>
    public Task DeleteTopicAsync(string name, CancellationToken cancellationToken = default) =>
        atom.DeleteAsync(Path(name), cancellationToken);

    /// <summary>All topics.</summary>
    public IAsyncEnumerable<TopicProperties> GetTopicsAsync(CancellationToken cancellationToken = default) =>
        ListAsync(Topics, EntityXml.ReadTopic, cancellationToken);

    /// <summary>How all topics are doing.</summary>
    public IAsyncEnumerable<TopicRuntimeProperties> GetTopicsRuntimePropertiesAsync(
        CancellationToken cancellationToken = default) => ListAsync(Topics, RuntimeXml.ReadTopic, cancellationToken);

    /// <summary>Makes a bus subscription that gets every message.</summary>
    public Task<SubscriptionProperties> CreateSubscriptionAsync(
        string topicName, string subscriptionName, CancellationToken cancellationToken = default) =>
        CreateSubscriptionAsync(new CreateSubscriptionOptions(topicName, subscriptionName), cancellationToken);

    /// <summary>Makes a bus subscription that gets every message.</summary>
    public Task<SubscriptionProperties> CreateSubscriptionAsync(
        CreateSubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PutAsync(options.ToProperties(), null, isUpdate: false, cancellationToken);
    }

    /// <summary>Makes a bus subscription with its first rule: at no moment does it get every message.</summary>
    public Task<SubscriptionProperties> CreateSubscriptionAsync(
        CreateSubscriptionOptions options, CreateRuleOptions rule, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(rule);
        return PutAsync(options.ToProperties(), rule.ToProperties(), isUpdate: false, cancellationToken);
    }

    /// <summary>Changes a bus subscription to be as given; its rules stay.</summary>
    public Task<SubscriptionProperties> UpdateSubscriptionAsync(
        SubscriptionProperties subscription, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        return PutAsync(subscription, null, isUpdate: true, cancellationToken);
    }

    /// <summary>A bus subscription as it is.</summary>
    public async Task<SubscriptionProperties> GetSubscriptionAsync(
        string topicName, string subscriptionName, CancellationToken cancellationToken = default) =>
        EntityXml.ReadSubscription(
            topicName, await atom.GetAsync(Path(topicName, subscriptionName), cancellationToken));

    /// <summary>How a bus subscription is doing.</summary>
    public async Task<SubscriptionRuntimeProperties> GetSubscriptionRuntimePropertiesAsync(
        string topicName, string subscriptionName, CancellationToken cancellationToken = default) =>
        RuntimeXml.ReadSubscription(
            topicName, await atom.GetAsync(Path(topicName, subscriptionName), cancellationToken));

    /// <summary>Whether there is such a bus subscription.</summary>
    public Task<bool> SubscriptionExistsAsync(
        string topicName, string subscriptionName, CancellationToken cancellationToken = default) =>
        ExistsAsync(Path(topicName, subscriptionName), "SubscriptionDescription", cancellationToken);

    /// <summary>Removes a bus subscription and its messages.</summary>
    public Task DeleteSubscriptionAsync(
        string topicName, string subscriptionName, CancellationToken cancellationToken = default) =>
        atom.DeleteAsync(Path(topicName, subscriptionName), cancellationToken);

    /// <summary>All bus subscriptions of a topic.</summary>
    public IAsyncEnumerable<SubscriptionProperties> GetSubscriptionsAsync(
        string topicName, CancellationToken cancellationToken = default) =>
        ListAsync(
            $"{Path(topicName)}/Subscriptions",
            entry => EntityXml.ReadSubscription(topicName, entry),
            cancellationToken);

    /// <summary>How all bus subscriptions of a topic are doing.</summary>
    public IAsyncEnumerable<SubscriptionRuntimeProperties> GetSubscriptionsRuntimePropertiesAsync(
        string topicName, CancellationToken cancellationToken = default) =>
        ListAsync(
            $"{Path(topicName)}/Subscriptions",
            entry => RuntimeXml.ReadSubscription(topicName, entry),
            cancellationToken);

    /// <summary>Makes a rule.</summary>
    public Task<RuleProperties> CreateRuleAsync(
        string topicName,
        string subscriptionName,
        CreateRuleOptions options,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PutAsync(topicName, subscriptionName, options.ToProperties(), isUpdate: false, cancellationToken);
    }

    /// <summary>Changes a rule, in place, to be as given.</summary>
    public Task<RuleProperties> UpdateRuleAsync(
        string topicName, string subscriptionName, RuleProperties rule, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return PutAsync(topicName, subscriptionName, rule, isUpdate: true, cancellationToken);
    }

    /// <summary>A rule as it is.</summary>
    public async Task<RuleProperties> GetRuleAsync(
        string topicName, string subscriptionName, string ruleName, CancellationToken cancellationToken = default) =>
        RuleXml.Read(await atom.GetAsync(Path(topicName, subscriptionName, ruleName), cancellationToken));

    /// <summary>Whether there is such a rule.</summary>
    public Task<bool> RuleExistsAsync(
        string topicName, string subscriptionName, string ruleName, CancellationToken cancellationToken = default) =>
        ExistsAsync(Path(topicName, subscriptionName, ruleName), "RuleDescription", cancellationToken);

    /// <summary>Removes a rule.</summary>
    public Task DeleteRuleAsync(
        string topicName, string subscriptionName, string ruleName, CancellationToken cancellationToken = default) =>
        atom.DeleteAsync(Path(topicName, subscriptionName, ruleName), cancellationToken);

    /// <summary>All rules of a bus subscription.</summary>
    public IAsyncEnumerable<RuleProperties> GetRulesAsync(
        string topicName, string subscriptionName, CancellationToken cancellationToken = default) =>
        ListAsync($"{Path(topicName, subscriptionName)}/Rules", RuleXml.Read, cancellationToken);

    private static string Path(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return name.Trim('/');
    }

    private static string Path(string topicName, string subscriptionName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(subscriptionName);
        return $"{Path(topicName)}/Subscriptions/{subscriptionName}";
    }

    private static string Path(string topicName, string subscriptionName, string ruleName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ruleName);
        return $"{Path(topicName, subscriptionName)}/Rules/{ruleName}";
    }

    // Queues and topics share one name space: a topic is not a queue, though its path answers.
    private async Task<AtomEntry> GetAsync(string path, string description, CancellationToken cancellationToken)
    {
        var entry = await atom.GetAsync(path, cancellationToken);
        return entry.Description.Name.LocalName == description
            ? entry
            : throw new ServiceBusException(
                $"'{path}' is not what was asked for but a {entry.Description.Name.LocalName}",
                ServiceBusFailureReason.MessagingEntityNotFound,
                path);
    }

    private async Task<bool> ExistsAsync(string path, string description, CancellationToken cancellationToken)
    {
        try
        {
            await GetAsync(path, description, cancellationToken);
            return true;
        }
        catch (ServiceBusException exception) when (
            exception.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            return false;
        }
    }

    private async IAsyncEnumerable<T> ListAsync<T>(
        string path,
        Func<AtomEntry, T> read,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var entry in atom.ListAsync(path, cancellationToken))
        {
            yield return read(entry);
        }
    }

    private async Task<QueueProperties> PutAsync(
        QueueProperties queue, bool isUpdate, CancellationToken cancellationToken) =>
        EntityXml.ReadQueue(await atom.PutAsync(
            Path(queue.Name),
            xml.Write(queue),
            isUpdate,
            (queue.ForwardTo, queue.ForwardDeadLetteredMessagesTo),
            cancellationToken));

    private async Task<TopicProperties> PutAsync(
        TopicProperties topic, bool isUpdate, CancellationToken cancellationToken) =>
        EntityXml.ReadTopic(await atom.PutAsync(
            Path(topic.Name), xml.Write(topic), isUpdate, default, cancellationToken));

    private async Task<SubscriptionProperties> PutAsync(
        SubscriptionProperties subscription,
        RuleProperties? rule,
        bool isUpdate,
        CancellationToken cancellationToken) =>
        EntityXml.ReadSubscription(subscription.TopicName, await atom.PutAsync(
            Path(subscription.TopicName, subscription.SubscriptionName),
            xml.Write(subscription, rule),
            isUpdate,
            (subscription.ForwardTo, subscription.ForwardDeadLetteredMessagesTo),
            cancellationToken));

    private async Task<RuleProperties> PutAsync(
        string topicName,
        string subscriptionName,
        RuleProperties rule,
        bool isUpdate,
        CancellationToken cancellationToken) =>
        RuleXml.Read(await atom.PutAsync(
            Path(topicName, subscriptionName, rule.Name), RuleXml.Write(rule), isUpdate, default, cancellationToken));
}
