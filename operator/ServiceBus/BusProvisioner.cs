// Makes entities on the bus be as wanted, touching nothing that is not ours and writing nothing that is right.
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>Compare, then write.</summary>
/// <remarks>
/// <code>
///   Ensure ─► 1 verified lately with this hash? done, without a call
///             2 circuit open? back at once
///             3 wait for the topic's turn
///             4 read ── missing ─► create with our mark
///                   ├─ no mark, another installation or another object's ─► NameTaken, untouched
///                   ├─ same hash, same rule ─► done
///                   └─ else update in place
///   Delete ─► read, and delete only what bears our mark for this owner
/// </code>
/// Step 1's memory ends after a jittered drift period, so that what someone deleted or edited is put right.
/// </remarks>
public sealed partial class BusProvisioner(
    BusAdministration bus, string installation, TimeSpan driftPeriod, TimeProvider time, ILogger logger)
{
    private const int MaxConcurrentCalls = 8;

    private readonly ConcurrentDictionary<string, Verified> _verified = new(StringComparer.OrdinalIgnoreCase);
    private readonly KeyedLock _locks = new();
    private readonly SemaphoreSlim _calls = new(MaxConcurrentCalls);

    /// <summary>
    /// How long an entity counts as verified: never oftener than one check in 5 s over all entities, so that the
    /// checks stay far below what the bus's management endpoint allows.
    /// </summary>
    public TimeSpan DriftPeriod
    {
        get
        {
            var floor = TimeSpan.FromSeconds(_verified.Count / 5.0);
            var period = driftPeriod > floor ? driftPeriod : floor;
            return period * (0.9 + 0.2 * Random.Shared.NextDouble());
        }
    }

    /// <summary>Whether the entity was last seen on the bus with exactly these settings and this owner.</summary>
    public bool IsInForce(BusEntity entity, BusOwner owner) =>
        _verified.TryGetValue(entity.Path, out var verified)
        && verified.Hash == entity.Hash && verified.Owner == owner;

    /// <summary>Makes the entity be as wanted; <paramref name="created"/> is called when it had to be made.</summary>
    public async Task<BusOutcome> EnsureAsync(
        BusEntity entity, BusOwner owner, Action? created, CancellationToken cancellationToken)
    {
        if (IsInForce(entity, owner) && time.GetUtcNow() < _verified[entity.Path].Until)
        {
            return BusOutcome.Done;
        }

        using var turn = await _locks.TakeAsync(entity.Lock, cancellationToken);
        await _calls.WaitAsync(cancellationToken);
        try
        {
            var made = false;
            var outcome = await bus.CallAsync(
                limited => CompareAsync(entity, owner, () => made = true, limited), cancellationToken);
            if (!outcome.IsDone)
            {
                // A bus that does not answer says nothing about what is on it.
                if (outcome.Result != BusResult.Unreachable)
                {
                    _verified.TryRemove(entity.Path, out _);
                }

                return outcome;
            }

            if (made)
            {
                Forget(entity.Path + "/");
                created?.Invoke();
            }

            _verified[entity.Path] = new Verified(entity.Hash, owner, time.GetUtcNow() + DriftPeriod);
            return outcome;
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>Deletes the entity if it is this owner's; what is not there or not ours is done already.</summary>
    public async Task<BusOutcome> DeleteAsync(BusEntity entity, BusOwner owner, CancellationToken cancellationToken)
    {
        using var turn = await _locks.TakeAsync(entity.Lock, cancellationToken);
        await _calls.WaitAsync(cancellationToken);
        try
        {
            var outcome = await bus.CallAsync(
                async limited =>
                {
                    var found = await bus.ReadAsync(entity, limited);
                    if (found is null)
                    {
                        return BusOutcome.Done;
                    }

                    var mark = OwnershipMark.Read(found.Metadata);
                    if (mark?.Installation != installation || !mark.Owner.IsSameObject(owner))
                    {
                        Log.LeftAlone(logger, entity.Path, owner.ToString());
                        return BusOutcome.Done;
                    }

                    await bus.DeleteAsync(entity, limited);
                    Log.Deleted(logger, entity.Path, owner.ToString());
                    return BusOutcome.Done;
                },
                cancellationToken);
            if (outcome.IsDone)
            {
                _verified.TryRemove(entity.Path, out _);
                Forget(entity.Path + "/");
            }

            return outcome;
        }
        finally
        {
            _calls.Release();
        }
    }

    private async Task<BusOutcome> CompareAsync(
        BusEntity entity, BusOwner owner, Action made, CancellationToken cancellationToken)
    {
        var mark = new OwnershipMark(installation, owner, entity.Hash);
        var found = await bus.ReadAsync(entity, cancellationToken);
        if (found is null)
        {
            await bus.CreateAsync(entity, mark.ToMetadata(), cancellationToken);
            made();
            Log.Created(logger, entity.Path, owner.ToString());
            return BusOutcome.Done;
        }

        var present = OwnershipMark.Read(found.Metadata);
        if (present is null || present.Installation != installation)
        {
            return BusOutcome.NameTaken(
                $"'{entity.Path}' exists on the bus and was not made by this installation; it is left as it is. "
                + "Delete it there or choose another name");
        }

        if (!present.Owner.IsSameObject(owner))
        {
            return BusOutcome.NameTaken($"'{entity.Path}' on the bus belongs to {present.Owner}; choose another name");
        }

        if (found.Fixed is { } fixedSetting && !bus.CanBecome(entity, fixedSetting, out var why))
        {
            return BusOutcome.Refused($"'{entity.Path}': {why}");
        }

        if (present != mark)
        {
            await bus.UpdateAsync(entity, mark.ToMetadata(), cancellationToken);
            Log.Updated(logger, entity.Path, owner.ToString());
        }

        if (entity is BusSubscription subscription
            && await bus.PutRuleRightAsync(subscription, cancellationToken))
        {
            Log.RuleUpdated(logger, entity.Path, owner.ToString());
        }

        return BusOutcome.Done;
    }

    private void Forget(string prefix)
    {
        foreach (var path in _verified.Keys.Where(
            path => path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        {
            _verified.TryRemove(path, out _);
        }
    }

    private sealed record Verified(string Hash, BusOwner Owner, DateTimeOffset Until);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Made {Path} on the bus for {Owner}")]
        public static partial void Created(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Information, Message = "Updated {Path} on the bus for {Owner}")]
        public static partial void Updated(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Information, Message = "Updated the rule of {Path} on the bus for {Owner}")]
        public static partial void RuleUpdated(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Path} on the bus for {Owner}")]
        public static partial void Deleted(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} on the bus is not {Owner}'s: left alone")]
        public static partial void LeftAlone(ILogger logger, string path, string owner);
    }
}
