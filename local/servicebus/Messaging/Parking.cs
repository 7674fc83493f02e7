// Sets messages aside that cannot be handled, so that nothing stored can stop the rest.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Bytes that cannot be read from disk, decoded or encoded: the message stays on disk, is given to nobody until the
/// next start, and the log says which it is and why. It cannot go to the DLQ: there it would be just as unreadable.
/// </summary>
internal sealed partial class Parking(ILogger logger, BrokerCounters counters)
{
    public void Park(Mailbox mailbox, MessageEntry entry, Exception problem, Guid token = default)
    {
        mailbox.Park(entry, token);
        counters.Parked();
        Log.Parked(logger, problem, entry.Sequence, mailbox.Path);
    }

    public void PumpFailed(Mailbox mailbox, Exception problem) => Log.PumpFailed(logger, problem, mailbox.Path);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message =
            "Message {Sequence} of {Mailbox} cannot be handled and is set aside until the next start; others go on")]
        public static partial void Parked(ILogger logger, Exception problem, long sequence, string mailbox);

        [LoggerMessage(Level = LogLevel.Error, Message = "A delivery run of {Mailbox} failed; the next one goes on")]
        public static partial void PumpFailed(ILogger logger, Exception problem, string mailbox);
    }
}
