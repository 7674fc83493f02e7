// The books of one receiver: what waits for it, and the longest it let something wait without taking anything.
using System.Diagnostics;

namespace ServerlessEventing.ServiceBus.Tests.Stalls;

/// <summary>A stall is a time in which messages were there and none was taken.</summary>
internal sealed class Lane(string name)
{
    private readonly Lock books = new();
    private int waiting;
    private long since = Stopwatch.GetTimestamp();
    private TimeSpan worst;
    private int taken;

    public string Name => name;

    public int Waiting
    {
        get
        {
            lock (books)
            {
                return waiting;
            }
        }
    }

    public int Taken
    {
        get
        {
            lock (books)
            {
                return taken;
            }
        }
    }

    /// <summary>The broker has accepted a message, or has one back.</summary>
    public void Add()
    {
        lock (books)
        {
            if (++waiting == 1)
            {
                since = Stopwatch.GetTimestamp();
            }
        }
    }

    public void Take()
    {
        lock (books)
        {
            Note();
            waiting--;
            taken++;
            since = Stopwatch.GetTimestamp();
        }
    }

    public TimeSpan Worst()
    {
        lock (books)
        {
            Note();
            return worst;
        }
    }

    private void Note()
    {
        var idle = Stopwatch.GetElapsedTime(since);
        if (waiting > 0 && idle > worst)
        {
            worst = idle;
        }
    }
}
