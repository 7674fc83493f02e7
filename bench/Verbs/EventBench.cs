// What every bench of events does around its measuring: a subscriber before it, the report and the end after it.
using System.Net.Sockets;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// Exit code 0 when everything acknowledged was delivered, 1 when something was missing, 2 when it could not run.
/// </summary>
internal static class EventBench
{
    public static async Task<int> RunAsync(
        Func<Subscriber, List<Target>, Task<BenchReport>> measure, bool json, int? subscriberPort = null)
    {
        var targets = new List<Target>();
        try
        {
            await using var subscriber = await Subscriber.StartAsync(
                subscriberPort ?? Controls.FreePort(), CancellationToken.None);
            var report = await measure(subscriber, targets);
            Console.WriteLine(json ? report.ToJson() : report.ToText());
            return report.Targets.All(target => target.Median.Missing == 0) ? 0 : 1;
        }
        catch (Exception stopped) when (stopped is BenchException or IOException or SocketException)
        {
            await Console.Error.WriteLineAsync(stopped.Message);
            return 2;
        }
        finally
        {
            foreach (var target in targets)
            {
                await target.DisposeAsync();
            }
        }
    }
}
