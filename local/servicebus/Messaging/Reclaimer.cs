// Gives the space of settled messages back to the disk.
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Looks every second whether much of the file is unused, and then shrinks it in small steps, so that senders hardly
/// notice. At most one step is on its way.
/// </summary>
internal sealed class Reclaimer(Journal journal) : StoreOperation
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private DateTimeOffset _next;
    private volatile bool _onItsWay;
    private volatile bool _more;

    public void Check(DateTimeOffset now)
    {
        if (_onItsWay || (now < _next && !_more))
        {
            return;
        }

        _next = now + Period;
        _onItsWay = true;
        if (!journal.TrySubmit(this))
        {
            Failed();
        }
    }

    public override void Write(SqliteStore store) => _more = store.TryShrink();

    public override void Committed() => _onItsWay = false;

    public override void Failed() => (_more, _onItsWay) = (false, false);
}
