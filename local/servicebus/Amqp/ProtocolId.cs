// The protocols an AMQP port may be asked for.
namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The fifth byte of a protocol header.</summary>
internal enum ProtocolId
{
    Amqp = 0,
    Tls = 2,
    Sasl = 3,
    Unknown = 255,
}

/// <summary>The headers we answer with.</summary>
internal static class ProtocolHeaders
{
    public static ReadOnlySpan<byte> Amqp => "AMQP\0\x01\0\0"u8;

    public static ReadOnlySpan<byte> Sasl => "AMQP\x03\x01\0\0"u8;
}
