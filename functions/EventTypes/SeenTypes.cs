// Remembers which types of events came in, while the operator wants to know.
using System.Collections.Concurrent;
using System.Threading.Channels;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Routing;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.EventTypes;

/// <summary>
/// <code>
///   event accepted ─► asked for? ─► seen before? ─no─► kept to be reported, once
/// </code>
/// Bounded: what does not fit is forgotten again, so that the next event of the type brings it back. Nobody waits here.
/// </summary>
internal sealed class SeenTypes(RoutingTables tables)
{
    /// <summary>The most types an instance remembers; sources that are new with each event would have no end.</summary>
    public const int MaxRemembered = 10_000;

    private const int MaxWaiting = 1000;

    private readonly ConcurrentDictionary<(string Ingress, string Type, string Source), bool> seen = new();
    private readonly Channel<SeenEventType> waiting = Channel.CreateBounded<SeenEventType>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    private int remembered;

    /// <summary>What is to be reported.</summary>
    public ChannelReader<SeenEventType> Waiting => waiting.Reader;

    /// <summary>An event that the bus has.</summary>
    public void Saw(RoutedIngress ingress, CloudEvent cloudEvent)
    {
        if (tables.ReportTypesTo is null
            || cloudEvent[AttributeName.Type] is not { } type || cloudEvent[AttributeName.Source] is not { } source
            || seen.ContainsKey((ingress.Uid, type, source))
            || Volatile.Read(ref remembered) >= MaxRemembered
            || !seen.TryAdd((ingress.Uid, type, source), true))
        {
            return;
        }

        Interlocked.Increment(ref remembered);
        if (!waiting.Writer.TryWrite(new(ingress.Uid, type, source, cloudEvent[AttributeName.DataSchema])))
        {
            Forget(ingress.Uid, type, source);
        }
    }

    /// <summary>All are reported anew when seen again: someone may have deleted what was made of them.</summary>
    public void ForgetAll()
    {
        foreach (var (ingress, type, source) in seen.Keys)
        {
            Forget(ingress, type, source);
        }
    }

    private void Forget(string ingress, string type, string source)
    {
        if (seen.TryRemove((ingress, type, source), out _))
        {
            Interlocked.Decrement(ref remembered);
        }
    }
}
