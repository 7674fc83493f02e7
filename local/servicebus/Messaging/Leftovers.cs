// The messages of mailboxes that are gone: deleted a few at a time, so that nobody waits for a large backlog.
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Each step is an operation of the journal among others, and asks for the next. What a step could not do, or the end of
/// the process kept it from, the next start finds.
/// </summary>
internal static class Leftovers
{
    private const int StepMessages = 1_000;

    public static void Delete(Journal journal, long mailbox) =>
        journal.TrySubmit(new Step(journal, mailbox, after: long.MinValue));

    private sealed class Step(Journal journal, long mailbox, long after) : StoreOperation
    {
        private long? _next;

        public override void Write(SqliteStore store) => _next = store.DeleteMessages(mailbox, after, StepMessages);

        public override void Committed()
        {
            if (_next is { } next)
            {
                journal.TrySubmit(new Step(journal, mailbox, next));
            }
        }

        public override void Failed()
        {
        }
    }
}
