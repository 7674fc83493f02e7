// The SASL layer: who may go on to AMQP, and with what rights before any token.
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Security;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// PLAIN carries a key and gives its rights at once; the others only open the door to <c>$cbs</c>. Clients take the
/// first they know in our order.
/// </summary>
internal sealed class SaslExchange(AccessControl access)
{
    private const string Plain = "PLAIN";

    public static SaslMechanisms Mechanisms => new()
    {
        SaslServerMechanisms =
            [new Symbol("MSSBCBS"), new Symbol(Plain), new Symbol("ANONYMOUS"), new Symbol("EXTERNAL")],
    };

    public (SaslOutcome Outcome, AccessGrant? Grant) Answer(object? performative)
    {
        if (performative is not SaslInit init)
        {
            throw new AmqpException(new Error("amqp:not-allowed") { Description = "Expected sasl-init." });
        }

        var grant = (string)init.Mechanism == Plain ? CheckPlain(init.InitialResponse) : null;
        var refused = (string)init.Mechanism == Plain && grant is null;
        return (new SaslOutcome { Code = refused ? SaslCode.Auth : SaslCode.Ok }, grant);
    }

    private AccessGrant? CheckPlain(byte[]? response)
    {
        var parts = Encoding.UTF8.GetString(response ?? []).Split('\0');
        return parts.Length == 3 ? access.CheckKey(parts[1], parts[2]) : null;
    }
}
