// The node {entity}/$management: locks, peeking, scheduling, deferred messages and rules by request.
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// Reads requests and writes answers; what they do is in <see cref="MessageRequests"/>,
/// <see cref="SessionRequests"/> and <see cref="RuleRequests"/>.
/// </summary>
internal sealed partial class ManagementLink(
    AmqpSession session, Attach attach, EntityNode node, Mailbox mailbox, string address)
    : RequestLink(session, attach)
{
    private readonly MessageRequests _messages = new(session.Connection.Context.Broker, node, mailbox);
    private readonly SessionRequests _sessions = new(session.Connection.Context.Broker, mailbox);
    private readonly RuleRequests _rules = new(session.Connection.Context.Broker, node);

    protected override void OnRequest(Message request, Action<Message> reply)
    {
        node.Touch();
        var operation = Text(request, "operation") ?? "";
        void Answer(RequestAnswer answer) => reply(Write(answer));
        if (Session.Connection.Context.Broker.Quirks?.Throttles() == true)
        {
            Answer(RequestAnswer.From(BrokerError.Throttled));
            return;
        }

        var rights = MessageRequests.IsForSenders(operation) ? AccessRights.Send : AccessRights.Listen;
        if (!MayUse(rights))
        {
            Answer(RequestAnswer.From(BrokerError.Unauthorized(node.Path, rights.ToString())));
            return;
        }

        try
        {
            var body = new RequestBody(request.Body as Map ?? []);
            if (!_messages.TryHandle(operation, body, Answer)
                && !_sessions.TryHandle(operation, body, Answer)
                && !_rules.TryHandle(operation, body, Answer))
            {
                Answer(RequestAnswer.Failed(501, "amqp:not-implemented", $"Operation '{operation}' is not supported."));
            }
        }
        catch (RequestFormatException problem)
        {
            Answer(RequestAnswer.Failed(400, "com.microsoft:argument-error", problem.Message));
        }
        catch (WireFormatException problem)
        {
            Answer(RequestAnswer.Failed(400, "com.microsoft:argument-error", problem.Message));
        }
        catch (Exception problem)
        {
            // A bug in one operation must not end the connection with all its links.
            Log.Failed(Session.Connection.Logger, problem, operation);
            Answer(RequestAnswer.Failed(
                500, "amqp:internal-error", "The request failed; the emulator's log says why."));
        }
    }

    private bool MayUse(AccessRights rights)
    {
        lock (Session.Connection.Gate)
        {
            return Session.Connection.MayUse(address, rights);
        }
    }

    private static Message Write(RequestAnswer answer)
    {
        var properties = new ApplicationProperties
        {
            ["statusCode"] = answer.Status,
            ["statusDescription"] = answer.Description,
        };
        if (answer.Condition is { } condition)
        {
            // A symbol: the .NET client does not read strings here.
            properties["errorCondition"] = new Symbol(condition);
        }

        return new Message
        {
            ApplicationProperties = properties,
            BodySection = new AmqpValue { Value = answer.Body ?? [] },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The management operation {Operation} failed")]
        public static partial void Failed(ILogger logger, Exception problem, string operation);
    }
}
