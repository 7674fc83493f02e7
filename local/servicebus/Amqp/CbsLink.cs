// Claims-based security: takes tokens and opens the connection for what they cover.
using Amqp;
using Amqp.Framing;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The node <c>$cbs</c> and its one operation, put-token.</summary>
internal sealed class CbsLink(AmqpSession session, Attach attach) : RequestLink(session, attach)
{
    protected override void OnRequest(Message request, Action<Message> reply)
    {
        if (Text(request, "operation") != "put-token")
        {
            reply(Answer(400, "The only operation is put-token."));
            return;
        }

        var token = request.Body as string;
        var grant = Session.Connection.Context.Access.Check(token, out var refusal);
        if (grant is null)
        {
            reply(Answer(401, refusal));
            return;
        }

        Session.Connection.Grant(grant);
        reply(Answer(202, "Accepted"));
    }

    private static Message Answer(int status, string description) => new()
    {
        BodySection = new AmqpValue { Value = null },
        ApplicationProperties = new ApplicationProperties
        {
            ["status-code"] = status,
            ["status-description"] = description,
        },
    };
}
