// One open AMQP connection and its tokens; when it is lost it is thrown away whole.
using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Sasl;
using ServerlessEventing.ServiceBus.Authorization;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>
/// A connection from its opening to its loss.
/// <code>
///  1 TCP or TLS, SASL ANONYMOUS, open
///  2 $cbs: put-token for each entity before its first link      3 the same again before a token expires
/// </code>
/// </summary>
internal sealed class LiveConnection : IHandler, IAsyncDisposable
{
    private static readonly TimeSpan RenewalCheck = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RenewalMargin = TimeSpan.FromMinutes(15);

    private readonly Endpoint endpoint;
    private readonly ConcurrentDictionary<string, Lazy<Task<DateTimeOffset>>> authorized =
        new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<Link, ReceivingLink> receiving = new();
    private readonly CancellationTokenSource closing = new();
    private readonly SemaphoreSlim openingTokenLink = new(1, 1);
    private Connection connection = null!;
    private RequestLink? tokenLink;

    private LiveConnection(Endpoint endpoint) => this.endpoint = endpoint;

    public bool IsOpen => !connection.IsClosed;

    public Endpoint Endpoint => endpoint;

    public static async Task<LiveConnection> OpenAsync(Endpoint endpoint, CancellationToken cancellationToken)
    {
        var live = new LiveConnection(endpoint);
        using var timeout = new CancellationTokenSource(endpoint.Timeout, endpoint.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var connecting = live.ConnectAsync(both.Token);
        try
        {
            live.connection = await connecting.WaitAsync(both.Token);
            await live.GetTokenLinkAsync(both.Token);
        }
        catch (Exception exception)
        {
            _ = AbandonAsync(connecting);
            if (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"{endpoint.Host}:{endpoint.Port} did not open a connection.", exception);
            }

            throw;
        }

        _ = live.RenewTokensAsync();
        return live;
    }

    /// <summary>Puts a token for the entity unless one is in force.</summary>
    public async Task AuthorizeAsync(string entityPath, CancellationToken cancellationToken)
    {
        while (true)
        {
            var put = new Lazy<Task<DateTimeOffset>>(() => PutTokenAsync(entityPath, closing.Token));
            var known = authorized.GetOrAdd(entityPath, put);
            try
            {
                // A token that the broker took just now is in force, whatever the two clocks say.
                if (await known.Value.WaitAsync(cancellationToken) > endpoint.TimeProvider.GetUtcNow() || known == put)
                {
                    return;
                }
            }
            catch when (known.Value.IsFaulted || known.Value.IsCanceled)
            {
                authorized.TryRemove(new(entityPath, known));
                throw;
            }

            authorized.TryRemove(new(entityPath, known));
        }
    }

    /// <summary>Tells a link of the answers to its dispositions from now on.</summary>
    public void Register(Link link, ReceivingLink receiver) => receiving[link] = receiver;

    public void Forget(Link link) => receiving.TryRemove(link, out _);

    public Session CreateSession() => new(connection);

    public Task<RequestLink> OpenRequestLinkAsync(string node, CancellationToken cancellationToken) =>
        RequestLink.OpenAsync(connection, node, endpoint.Timeout, endpoint.TimeProvider, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await Links.CloseAsync(connection);
    }

    bool IHandler.CanHandle(EventId id) => id is EventId.DeliveryStateChanged;

    void IHandler.Handle(Event protocolEvent)
    {
        if (protocolEvent is { Link: ReceiverLink link, Context: IDelivery answered }
            && receiving.TryGetValue(link, out var receiver))
        {
            receiver.OnAnswer(answered);
        }
    }

    private async Task<Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory();
        factory.TCP.NoDelay = true;
        factory.TCP.SendBufferSize = 256 * 1024;
        factory.TCP.ReceiveBufferSize = 256 * 1024;
        factory.AMQP.MaxFrameSize = 256 * 1024;
        factory.AMQP.MaxSessionsPerConnection = Limits.SessionsPerConnection;
        factory.AMQP.IdleTimeout = 60_000;
        factory.AMQP.ContainerId = endpoint.ContainerId;
        factory.AMQP.HostName = endpoint.Host;
        factory.SASL.Profile = SaslProfile.Anonymous;
        if (endpoint.CertificateValidation is { } decide)
        {
            factory.SSL.RemoteCertificateValidationCallback = decide;
        }

        var address = new Address(
            endpoint.Host, endpoint.Port, path: "/", scheme: endpoint.UseTls ? "AMQPS" : "AMQP");
        return await factory.CreateAsync(address, cancellationToken, this);
    }

    // A connect that outlived its time may still succeed; nobody waits for it any more.
    private static async Task AbandonAsync(Task<Connection> connecting)
    {
        try
        {
            await Links.CloseAsync(await connecting);
        }
        catch (Exception)
        {
            // It failed, as its caller already knows.
        }
    }

    private async Task<DateTimeOffset> PutTokenAsync(string entityPath, CancellationToken cancellationToken)
    {
        var token = await endpoint.Credential.GetTokenAsync(Audience(entityPath), cancellationToken);
        await PutTokenAsync(entityPath, token, cancellationToken);
        return token.ExpiresOn;
    }

    private async Task PutTokenAsync(string entityPath, AccessToken token, CancellationToken cancellationToken)
    {
        var request = new Message(token.Value)
        {
            ApplicationProperties = new()
            {
                ["operation"] = "put-token",
                ["type"] = token.CbsType,
                ["name"] = Audience(entityPath),
                ["expiration"] = token.ExpiresOn.UtcDateTime,
            },
        };
        var answer = await (await GetTokenLinkAsync(cancellationToken)).AskAsync(request, cancellationToken);
        var status = answer.ApplicationProperties?.Map.GetValueOrDefault("status-code") as int? ?? 0;
        if (status is not (200 or 202))
        {
            var description = answer.ApplicationProperties?.Map.GetValueOrDefault("status-description") as string;
            var condition = answer.ApplicationProperties?.Map.GetValueOrDefault("error-condition")?.ToString();
            throw AmqpErrors.ToException(status, condition, description, entityPath);
        }
    }

    private string Audience(string entityPath) => $"sb://{endpoint.Host}/{entityPath}";

    // The service takes links away that were idle for ten minutes; tokens are renewed less often than that.
    private async Task<RequestLink> GetTokenLinkAsync(CancellationToken cancellationToken)
    {
        await openingTokenLink.WaitAsync(cancellationToken);
        try
        {
            return tokenLink is { IsOpen: true } open
                ? open
                : tokenLink = await OpenRequestLinkAsync("$cbs", cancellationToken);
        }
        finally
        {
            openingTokenLink.Release();
        }
    }

    /// <summary>Renews each token when a quarter of an hour is left of it; runs as long as the connection.</summary>
    private async Task RenewTokensAsync()
    {
        using var timer = new PeriodicTimer(RenewalCheck, endpoint.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(closing.Token) && IsOpen)
            {
                foreach (var (entityPath, putting) in authorized)
                {
                    await RenewTokenAsync(entityPath, putting);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is closed, and its tokens with it.
        }
    }

    private async Task RenewTokenAsync(string entityPath, Lazy<Task<DateTimeOffset>> putting)
    {
        if (!putting.IsValueCreated || !putting.Value.IsCompletedSuccessfully)
        {
            return;
        }

        var inForceUntil = await putting.Value;
        if (inForceUntil > endpoint.TimeProvider.GetUtcNow() + RenewalMargin)
        {
            return;
        }

        try
        {
            var token = await endpoint.Credential.GetTokenAsync(Audience(entityPath), closing.Token);
            if (token.ExpiresOn <= inForceUntil)
            {
                // The credential has nothing newer yet, or never will: a ready-made signature.
                return;
            }

            await PutTokenAsync(entityPath, token, closing.Token);
            authorized.TryUpdate(entityPath, new(Task.FromResult(token.ExpiresOn)), putting);
        }
        catch (Exception) when (!closing.IsCancellationRequested)
        {
            // Tried again at the next tick. Should it never succeed, the broker ends the links when the token expires,
            // and whoever opens them again is told why.
        }
    }
}
