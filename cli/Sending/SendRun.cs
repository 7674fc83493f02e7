// Sends events one request after the other, at a rate if asked, and counts the answers.
using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Sending;

/// <summary>
/// <code>
///   events ─► as many as a batch holds ─► wait for their turn ─► POST, so often as asked ─► answer counted, shown
/// </code>
/// Few events are shown line by line; of many only what was refused, and a bar and a summary.
/// </summary>
internal sealed class SendRun(SendOptions options, HttpClient client, TimeProvider time)
{
    private const int MostShown = 20;

    private readonly SortedDictionary<int, long> answers = [];
    private readonly List<double> latencies = [];
    private readonly ProgressBar bar = new(options.Sends);
    private readonly Stopwatch watch = new();
    private long sent;
    private long refused;

    private bool ShowsEach => options.Sends <= MostShown;

    /// <summary>Sends them all; true when each was accepted.</summary>
    public async Task<bool> RunAsync(IAsyncEnumerable<JsonObject> events, CancellationToken cancellationToken)
    {
        watch.Start();
        var batch = new List<JsonObject>();
        await foreach (var one in events.WithCancellation(cancellationToken))
        {
            batch.Add(one);
            if (batch.Count == options.Batch)
            {
                await SendAsync(batch, cancellationToken);
                batch.Clear();
            }
        }

        if (batch.Count > 0)
        {
            await SendAsync(batch, cancellationToken);
        }

        bar.Clear();
        if (sent == 0)
        {
            throw new CommandException("no event in the input");
        }

        if (sent > 1)
        {
            Terminal.Line(Summary());
        }

        return refused == 0;
    }

    private async Task SendAsync(IReadOnlyList<JsonObject> batch, CancellationToken cancellationToken)
    {
        for (var n = 0; n < options.Repeat; n++)
        {
            // :: the turn of the batch's first event
            var turn = options.Rate is { } rate ? TimeSpan.FromSeconds(sent / rate) - watch.Elapsed : TimeSpan.Zero;
            if (turn > TimeSpan.Zero)
            {
                await Task.Delay(turn, time, cancellationToken);
            }

            using var request = EventRequest.Of(batch, options);
            var since = watch.Elapsed;
            using var answer = await PostAsync(request, cancellationToken);
            latencies.Add((watch.Elapsed - since).TotalMilliseconds);
            await CountAsync(batch, answer, cancellationToken);
        }
    }

    private async Task CountAsync(
        IReadOnlyList<JsonObject> batch, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var status = (int)answer.StatusCode;
        var accepted = answer.StatusCode == HttpStatusCode.Accepted;
        sent += batch.Count;
        answers[status] = answers.GetValueOrDefault(status) + batch.Count;
        if (ShowsEach || (!accepted && refused < MostShown))
        {
            var detail = accepted ? "" : await answer.Content.ReadAsStringAsync(cancellationToken);
            bar.Clear();
            foreach (var one in batch)
            {
                var id = Terminal.Printable($"{one["id"]}");
                Terminal.Line($"{id} {status} {Terminal.Printable(detail, 1000)}".TrimEnd());
            }
        }

        refused += accepted ? 0 : batch.Count;
        bar.Show(sent);
    }

    private string Summary()
    {
        var sorted = latencies.Order().ToList();
        var seconds = watch.Elapsed.TotalSeconds;
        return $"sent {sent} in {seconds:0.0} s ({sent / seconds:0} a second): "
            + string.Join(", ", answers.Select(pair => $"{pair.Value} × {pair.Key}"))
            + $"; half answered in {sorted[sorted.Count / 2]:0.0} ms, "
            + $"99 % in {sorted[(sorted.Count - 1) * 99 / 100]:0.0} ms";
    }

    private async Task<HttpResponseMessage> PostAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            bar.Clear();
            throw new CommandException(
                $"{options.Url}: {failure.Message}. Is the house up (eventing up)? One at other ports is reached with "
                + $"--port-offset or --url. {sent} were sent before.");
        }
    }
}
