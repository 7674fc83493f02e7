// All checks, and the running of one.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Cli.Doctor;

/// <summary>How a check ended.</summary>
/// <param name="Holds">Whether the bus does what the check expects.</param>
/// <param name="Detail">What was measured, or what was seen instead.</param>
internal sealed record ContractResult(ContractCheck Check, bool Holds, string? Detail, TimeSpan Duration);

/// <summary>
/// What our client and the routing on it expect of a bus. <c>eventing doctor</c> prints it; tests/Azure.Contract
/// demands it of the emulator, and of a real namespace when it is given one.
/// </summary>
internal static class BusContract
{
    public static readonly IReadOnlyList<ContractCheck> Checks =
    [
        .. MessageChecks.All, .. SettlementChecks.All, .. RoutingChecks.All, .. AssumptionChecks.All,
    ];

    /// <summary>Most of a check's time is waiting, so several run at once; the results come in order.</summary>
    private const int AtOnce = 6;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async IAsyncEnumerable<ContractResult> RunAsync(
        IEnumerable<ContractCheck> checks,
        ServiceBusClient client,
        ServiceBusAdministrationClient administration,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var room = new SemaphoreSlim(AtOnce);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = checks.Select(RunInTurnAsync).ToArray();
        try
        {
            foreach (var one in running)
            {
                yield return await one;
            }
        }
        finally
        {
            // Left early, the others still remove what they made.
            await limit.CancelAsync();
            await Task.WhenAny(Task.WhenAll(running));
        }

        async Task<ContractResult> RunInTurnAsync(ContractCheck check)
        {
            await room.WaitAsync(limit.Token);
            try
            {
                return await RunAsync(check, client, administration, limit.Token);
            }
            finally
            {
                room.Release();
            }
        }
    }

    private static async Task<ContractResult> RunAsync(
        ContractCheck check,
        ServiceBusClient client,
        ServiceBusAdministrationClient administration,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var watch = Stopwatch.StartNew();
        try
        {
            await using var probe = new BusProbe(client, administration);
            return new(check, true, await check.Run(probe, limit.Token), watch.Elapsed);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(check, false, $"not done in {Limit.TotalMinutes:0} minutes", watch.Elapsed);
        }
        catch (Exception problem) when (problem is ContractException or ServiceBusException or ArgumentException
            or InvalidOperationException or NotSupportedException)
        {
            return new(check, false, problem.Message, watch.Elapsed);
        }
    }
}
