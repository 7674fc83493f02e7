// What a process wrote, as much of it as is kept.
using System.Runtime.CompilerServices;

namespace ServerlessEventing.Local.Workloads.Processes;

/// <summary>The last lines of a process; older ones are dropped, so that its memory is bounded.</summary>
internal sealed class OutputLog
{
    public const int MaxLines = 2_000;
    public const int MaxCharacters = 1_000_000;

    private readonly Lock gate = new();
    private readonly Queue<LoggedLine> lines = new();
    private TaskCompletionSource more = NewSignal();
    private long first;
    private int characters;
    private bool complete;

    public void Append(LoggedLine line)
    {
        lock (gate)
        {
            lines.Enqueue(line);
            characters += line.Text.Length;
            while (lines.Count > MaxLines || characters > MaxCharacters)
            {
                characters -= lines.Dequeue().Text.Length;
                first++;
            }

            Wake();
        }
    }

    /// <summary>The process has ended: who follows comes to an end too.</summary>
    public void Complete()
    {
        lock (gate)
        {
            complete = true;
            Wake();
        }
    }

    /// <summary>The newest line that says something, or null.</summary>
    public string? Last()
    {
        lock (gate)
        {
            return lines.Select(line => line.Text).LastOrDefault(text => !string.IsNullOrWhiteSpace(text));
        }
    }

    /// <summary>The last <paramref name="tail"/> lines (all when null), and with follow what comes after.</summary>
    public async IAsyncEnumerable<LoggedLine> ReadAsync(
        int? tail,
        bool follow,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = 0L;
        lock (gate)
        {
            next = Math.Max(first, first + lines.Count - (tail ?? lines.Count));
        }

        while (true)
        {
            LoggedLine[] batch;
            Task signal;
            bool ended;
            lock (gate)
            {
                batch = [.. lines.Skip((int)Math.Max(0, next - first))];
                next = first + lines.Count;
                signal = more.Task;
                ended = complete;
            }

            foreach (var line in batch)
            {
                yield return line;
            }

            if (!follow || (ended && batch.Length == 0))
            {
                yield break;
            }

            if (batch.Length == 0)
            {
                await signal.WaitAsync(cancellationToken);
            }
        }
    }

    private void Wake()
    {
        more.TrySetResult();
        more = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
