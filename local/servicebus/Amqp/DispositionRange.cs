// Gathers dispositions of neighbouring deliveries with one outcome into one frame.
using Amqp.Framing;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The range being gathered for one direction of a session; outcomes compare by reference.</summary>
internal sealed class DispositionRange(bool role)
{
    private DeliveryState? _state;
    private uint _first;
    private uint _last;

    public void Add(uint id, DeliveryState state, Action<Dispose> write)
    {
        if (_state is not null && ReferenceEquals(state, _state) && id == unchecked(_last + 1))
        {
            _last = id;
            return;
        }

        Flush(write);
        (_state, _first, _last) = (state, id, id);
    }

    public void Flush(Action<Dispose> write)
    {
        if (_state is null)
        {
            return;
        }

        write(new Dispose { Role = role, First = _first, Last = _last, Settled = true, State = _state });
        _state = null;
    }
}
