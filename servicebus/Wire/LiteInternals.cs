// The three members of AMQPNetLite 2.5.5 that are not public and that Service Bus cannot be spoken without.
using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>
/// The library settles a delivery at once and so never sees the broker's answer, "lock lost" among them. Its session
/// can send an unsettled disposition, and the answer comes back as a public event; only the sending is internal. The
/// accessors are bound when the code is compiled ahead of time or first run, and the package version is pinned exactly.
/// </summary>
internal static class LiteInternals
{
    private const string DeliveryType = "Amqp.Delivery, Amqp.Net";

    /// <summary>The delivery that brought a message.</summary>
    public static IDelivery DeliveryOf(Message message) => (IDelivery)GetDelivery(message);

    /// <summary>Sends a disposition for a received delivery, settled or asking the broker to settle.</summary>
    public static void SendDisposition(Session session, IDelivery delivery, DeliveryState state, bool settled) =>
        DisposeDelivery(session, true, delivery, state, settled);

    /// <summary>The credit that a receiver link believes the broker still has.</summary>
    public static int CreditOf(ReceiverLink link) => Volatile.Read(ref Credit(link));

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Delivery")]
    [return: UnsafeAccessorType(DeliveryType)]
    private static extern object GetDelivery(Message message);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "DisposeDelivery")]
    private static extern void DisposeDelivery(
        Session session,
        bool role,
        [UnsafeAccessorType(DeliveryType)] object delivery,
        DeliveryState state,
        bool settled);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "credit")]
    private static extern ref int Credit(ReceiverLink link);
}
