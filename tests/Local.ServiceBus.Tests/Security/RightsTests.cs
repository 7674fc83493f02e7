// Keys that may do less than everything.
using System.Net;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Security;
using ServerlessEventing.Local.ServiceBus.Tests.Management;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Security;

/// <summary>A whole emulator with a sender's and a listener's key beside the root's.</summary>
public sealed class RightsTests : IAsyncLifetime
{
    private const string Key = "key-of-a-rule";
    private readonly TempFolder _folder = new();
    private ServiceBusEmulator _emulator = null!;

    public async ValueTask InitializeAsync()
    {
        _emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions
            {
                DataFolder = _folder.Path,
                AccessRules =
                [
                    new AccessRule("sender", Key, AccessRights.Send),
                    new AccessRule("listener", Key, AccessRights.Listen),
                    new AccessRule("manager", Key, AccessRights.Manage),
                ],
            },
            CancellationToken.None);
        using var management = new ManagementClient(_emulator);
        await management.CreateQueueAsync("q");
    }

    public async ValueTask DisposeAsync()
    {
        await _emulator.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("sender", true, false)]
    [InlineData("listener", false, true)]
    [InlineData("manager", true, true)]
    public async Task Key_OfARule_OpensWhatItsRightsAllow(string rule, bool sends, bool listens)
    {
        var connection = await ConnectAsync(rule);
        var session = new Session(connection);

        Assert.Equal(sends, await AttachesAsync(new SenderLink(session, "s", "q")));
        Assert.Equal(listens, await AttachesAsync(new ReceiverLink(session, "r", "q")));
        Assert.Equal(sends ? 404 : 401, await RequestAsync(session, "com.microsoft:cancel-scheduled-message"));
        Assert.Equal(listens ? 204 : 401, await RequestAsync(session, "com.microsoft:peek-message"));
        await connection.CloseAsync();
    }

    [Theory]
    [InlineData("sender", HttpStatusCode.Unauthorized)]
    [InlineData("listener", HttpStatusCode.Unauthorized)]
    [InlineData("manager", HttpStatusCode.OK)]
    public async Task Management_OfARule_TakesTheRightToManage(string rule, HttpStatusCode status)
    {
        using var management = new ManagementClient(_emulator, Key, rule);

        Assert.Equal(status, (await management.GetAsync("q")).Status);
    }

    [Theory]
    [InlineData("a=b:send", "a", "b", AccessRights.Send)]
    [InlineData("a=b=:c:listen,send", "a", "b=:c", AccessRights.Send | AccessRights.Listen)]
    [InlineData("a=b:Manage", "a", "b", AccessRights.Manage)]
    public void Rule_Written_IsRead(string text, string name, string key, AccessRights rights)
    {
        Assert.True(AccessRule.TryParse(text, out var rule));
        Assert.Equal(new AccessRule(name, key, rights), rule);
        Assert.DoesNotContain(key, rule.ToString().Replace(name, ""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a=b")]
    [InlineData("=b:send")]
    [InlineData("a=:send")]
    [InlineData("a=b:fly")]
    [InlineData("a=b:7")]
    [InlineData("a=b:none")]
    public void Rule_Miswritten_IsNone(string text) => Assert.False(AccessRule.TryParse(text, out _));

    private Task<Connection> ConnectAsync(string rule) => new ConnectionFactory().CreateAsync(
        new Address($"amqp://{rule}:{Key}@localhost:{_emulator.AmqpPort}"));

    private static async Task<bool> AttachesAsync(Link link)
    {
        try
        {
            if (link is SenderLink sender)
            {
                await sender.SendAsync(new Message("m"), TimeSpan.FromSeconds(20));
            }
            else
            {
                var receiver = (ReceiverLink)link;
                receiver.SetCredit(1);
                Message? message = await receiver.ReceiveAsync(TimeSpan.FromMilliseconds(500));
                message?.Dispose();
            }
        }
        catch (AmqpException problem) when (problem.Error.Condition == "amqp:unauthorized-access")
        {
            return false;
        }

        return link.Error?.Condition != (Symbol)"amqp:unauthorized-access";
    }

    private static async Task<int> RequestAsync(Session session, string operation)
    {
        var name = "m-" + Guid.NewGuid().ToString("N");
        var requests = new SenderLink(session, name, "q/$management");
        var replies = new ReceiverLink(
            session, name,
            new Attach { Source = new Source { Address = "q/$management" }, Target = new Target { Address = name } },
            null);
        await requests.SendAsync(
            new Message(new Map
            {
                ["sequence-numbers"] = new[] { 1000L }, ["from-sequence-number"] = 1000L, ["message-count"] = 1,
            })
            {
                Properties = new Properties { MessageId = "1", ReplyTo = name },
                ApplicationProperties = new ApplicationProperties { ["operation"] = operation },
            },
            TimeSpan.FromSeconds(20));
        var reply = await replies.ReceiveAsync(TimeSpan.FromSeconds(20));
        return (int)reply.ApplicationProperties["statusCode"];
    }
}
