// The place for the one handler that an event of a processor takes.
namespace ServerlessEventing.ServiceBus;

/// <summary>At most one handler, which does not change while the processor runs.</summary>
internal sealed class HandlerSlot<TArgs>(string name, ProcessorLifetime lifetime)
{
    public Func<TArgs, Task>? Handler { get; private set; }

    public void Add(Func<TArgs, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lifetime.RequireStopped();
        Handler = Handler is null ? handler : throw new NotSupportedException($"{name} takes one handler.");
    }

    public void Remove(Func<TArgs, Task> handler)
    {
        lifetime.RequireStopped();
        Handler = Equals(Handler, handler)
            ? null
            : throw new ArgumentException($"The handler was not added to {name}.", nameof(handler));
    }
}
