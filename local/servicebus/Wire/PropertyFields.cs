// The positions of fields in AMQP's properties section, and the names rules know them by.
using Amqp.Framing;

namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>Field positions as AMQP 1.0 section 3.2.4 lists them.</summary>
internal static class PropertyFields
{
    public const int MessageId = 0;
    public const int To = 2;
    public const int Subject = 3;
    public const int ReplyTo = 4;
    public const int CorrelationId = 5;
    public const int ContentType = 6;
    public const int AbsoluteExpiryTime = 8;
    public const int CreationTime = 9;
    public const int GroupId = 10;
    public const int ReplyToGroupId = 12;
    public const int Count = 13;

    /// <summary>The position of the system property a rule names, or -1.</summary>
    public static int PositionOf(string systemName) => systemName switch
    {
        "MessageId" => MessageId,
        "To" => To,
        "Label" => Subject,
        "ReplyTo" => ReplyTo,
        "CorrelationId" => CorrelationId,
        "ContentType" => ContentType,
        "SessionId" => GroupId,
        "ReplyToSessionId" => ReplyToGroupId,
        _ => -1,
    };

    public static object? Read(Properties fields, int position) => position switch
    {
        MessageId => WireMessage.Text(fields.GetMessageId()),
        To => fields.To,
        Subject => fields.Subject,
        ReplyTo => fields.ReplyTo,
        CorrelationId => WireMessage.Text(fields.GetCorrelationId()),
        ContentType => fields.ContentType is { } type ? (string)type : null,
        GroupId => fields.GroupId,
        ReplyToGroupId => fields.ReplyToGroupId,
        _ => null,
    };
}
