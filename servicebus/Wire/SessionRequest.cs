// Asks for a session when a receiving link is opened, and reads which one it was.
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>A session by its id, or (null) the next one that is free and has messages.</summary>
internal sealed record SessionRequest(string? Id)
{
    /// <summary>How much longer to wait than the broker was asked to: its answer says more than our silence.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private static readonly Symbol Filter = new("com.microsoft:session-filter");
    private static readonly Symbol LockedUntil = new("com.microsoft:locked-until-utc");

    public Source Source(string entityPath) => new()
    {
        Address = entityPath,
        FilterSet = new Map { [Filter] = Id },
    };

    public SessionHold Read(Attach answer, string entityPath)
    {
        object? id = null;
        (answer.Source as Source)?.FilterSet?.TryGetValue(Filter, out id);
        object? ticks = null;
        answer.Properties?.TryGetValue(LockedUntil, out ticks);
        return id is string session
            ? new SessionHold(session, new DateTimeOffset(ticks as long? ?? 0, TimeSpan.Zero))
            : throw new ServiceBusException(false, "The broker did not say which session it gave", entityPath);
    }
}

/// <summary>A session that a link holds, until the time its lock had when it was given.</summary>
internal sealed record SessionHold(string Id, DateTimeOffset LockedUntil);
