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
    private readonly ConcurrentDictionary<string, Verified> _verified = new(StringComparer.OrdinalIgnoreCase);
    private readonly KeyedLock _locks = new();

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

        var before = _verified.GetValueOrDefault(entity.Path);
        var wasRight = before?.Hash == entity.Hash && before.Owner == owner;
        var outcome = await TurnAsync(
            entity, limited => CompareAsync(entity, owner, wasRight, created, limited), cancellationToken);
        if (outcome.IsDone)
        {
            _verified[entity.Path] = new Verified(entity.Hash, owner, time.GetUtcNow() + DriftPeriod);
        }
        else if (outcome.Result != BusResult.Unreachable)
        {
            // A bus that does not answer says nothing about what is on it.
            _verified.TryRemove(entity.Path, out _);
        }

        return outcome;
    }

    /// <summary>Deletes the entity if it is this owner's; what is not there or not ours is done already.</summary>
    public Task<BusOutcome> DeleteAsync(BusEntity entity, BusOwner owner, CancellationToken cancellationToken) =>
        TurnAsync(
            entity,
            async limited =>
            {
                if (await IsOursAsync(entity, owner, limited))
                {
                    await bus.DeleteAsync(entity, limited);
                    Log.Deleted(logger, entity.Path, owner.ToString());
                }

                _verified.TryRemove(entity.Path, out _);
                Forget(entity.Path + "/");
                return BusOutcome.Done;
            },
            cancellationToken);

    /// <summary>Whether the entity was last seen on the bus as this owner's, whatever its settings.</summary>
    public bool IsKnown(BusEntity entity, BusOwner owner) =>
        _verified.TryGetValue(entity.Path, out var verified) && verified.Owner == owner;

    /// <summary>Leaves the entity as it is and says on it that nobody is to sweep it away.</summary>
    public Task<BusOutcome> DetachAsync(BusEntity entity, BusOwner owner, CancellationToken cancellationToken) =>
        TurnAsync(
            entity,
            async limited =>
            {
                if (await IsOursAsync(entity, owner, limited))
                {
                    var mark = new OwnershipMark(installation, owner, OwnershipMark.Detached);
                    await bus.UpdateAsync(entity, mark.ToMetadata(), limited);
                    Log.Detached(logger, entity.Path, owner.ToString());
                }

                _verified.TryRemove(entity.Path, out _);
                return BusOutcome.Done;
            },
            cancellationToken);

    /// <summary>Every entity that bears this installation's mark and is not detached.</summary>
    /// <exception cref="HttpRequestException">The bus cannot be listed now.</exception>
    public async Task<IReadOnlyList<(BusEntity Entity, BusOwner Owner)>> ListOwnedAsync(
        CancellationToken cancellationToken)
    {
        var owned = new List<(BusEntity, BusOwner)>();
        var outcome = await bus.CallAsync(
            async limited =>
            {
                await foreach (var (entity, metadata) in bus.ListAsync(limited))
                {
                    if (OwnershipMark.Read(metadata) is { } mark && mark.Installation == installation
                        && mark.Hash != OwnershipMark.Detached)
                    {
                        owned.Add((entity, mark.Owner));
                    }
                }

                return BusOutcome.Done;
            },
            cancellationToken);
        return outcome.IsDone ? owned : throw new HttpRequestException(outcome.Message);
    }

    /// <summary>What is still in an entity; null when that cannot be told.</summary>
    public async Task<BusBacklog?> BacklogAsync(BusEntity entity, CancellationToken cancellationToken)
    {
        BusBacklog? backlog = null;
        await bus.CallAsync(
            async limited =>
            {
                backlog = await bus.BacklogAsync(entity, limited);
                return BusOutcome.Done;
            },
            cancellationToken);
        return backlog;
    }

    /// <summary>
    /// Takes a path out of use without losing what is on it: nothing new gets in, what is there is delivered, tries
    /// scheduled for later too, and only then both entities go.
    /// </summary>
    public Task<BusOutcome> RetireAsync(
        BusSubscription old, BusQueue? retries, BusOwner owner, CancellationToken cancellationToken) =>
        TurnAsync(
            old,
            async limited =>
            {
                var ours = await IsOursAsync(old, owner, limited);
                _verified.TryRemove(old.Path, out _);
                if (ours && await bus.Rules.PutRightAsync(old with { Rule = BusRule.Nothing }, limited))
                {
                    Log.Closed(logger, old.Path, owner.ToString());
                    return BusOutcome.Waiting("The path used before is being emptied", seconds: 2);
                }

                // In this order: a message on its way from the one to the other is in at least one of them.
                BusEntity[] path = retries is null ? [old] : [old, retries];
                foreach (var entity in path)
                {
                    if (await bus.BacklogAsync(entity, limited) is { IsEmpty: false } backlog)
                    {
                        return BusOutcome.Waiting(
                            $"The path used before is being emptied: {backlog.Waiting} events and "
                            + $"{backlog.Scheduled} scheduled tries in '{entity.Path}'",
                            seconds: 2);
                    }
                }

                foreach (var entity in path)
                {
                    if (await IsOursAsync(entity, owner, limited))
                    {
                        await bus.DeleteAsync(entity, limited);
                        Log.Deleted(logger, entity.Path, owner.ToString());
                    }
                }

                return BusOutcome.Done;
            },
            cancellationToken);

    private async Task<BusOutcome> TurnAsync(
        BusEntity entity, Func<CancellationToken, Task<BusOutcome>> calls, CancellationToken cancellationToken)
    {
        using var turn = await _locks.TakeAsync(entity.Lock, cancellationToken);
        return await bus.CallAsync(calls, cancellationToken);
    }

    private async Task<bool> IsOursAsync(BusEntity entity, BusOwner owner, CancellationToken cancellationToken)
    {
        if (await bus.ReadAsync(entity, cancellationToken) is not { } found)
        {
            return false;
        }

        var mark = OwnershipMark.Read(found.Metadata);
        if (mark?.Installation == installation && mark.Owner.IsSameObject(owner))
        {
            return true;
        }

        Log.LeftAlone(logger, entity.Path, owner.ToString());
        return false;
    }

    private async Task<BusOutcome> CompareAsync(
        BusEntity entity, BusOwner owner, bool wasRight, Action? created, CancellationToken cancellationToken)
    {
        var mark = new OwnershipMark(installation, owner, entity.Hash);
        var found = await bus.ReadAsync(entity, cancellationToken);
        if (found is null)
        {
            await bus.CreateAsync(entity, mark.ToMetadata(), cancellationToken);
            Forget(entity.Path + "/");
            created?.Invoke();
            Log.Created(logger, entity.Path, owner.ToString());
            return wasRight ? Repaired(entity, "had been deleted") : BusOutcome.Done;
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

        if (BusAdministration.Obstacle(entity, found.Fixed) is { } obstacle)
        {
            return BusOutcome.Immutable($"'{entity.Path}': {obstacle}");
        }

        var differs = present != mark || !found.IsAsWanted;
        if (differs)
        {
            await bus.UpdateAsync(entity, mark.ToMetadata(), cancellationToken);
            Log.Updated(logger, entity.Path, owner.ToString());
        }

        var ruleDiffers = entity is BusSubscription subscription
            && await bus.Rules.PutRightAsync(subscription, cancellationToken);
        if (ruleDiffers)
        {
            Log.RuleUpdated(logger, entity.Path, owner.ToString());
        }

        // The mark says what we last made of it; when that was this, someone else has been at it.
        return (differs || ruleDiffers) && (wasRight || (present == mark && present.Owner.Uid == owner.Uid))
            ? Repaired(entity, ruleDiffers ? "had another rule" : "had other settings")
            : BusOutcome.Done;
    }

    private static BusOutcome Repaired(BusEntity entity, string what) =>
        BusOutcome.Repaired($"'{entity.Path}' {what} on the bus; it is as it should be again");

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

        [LoggerMessage(Level = LogLevel.Information, Message = "Closed {Path} on the bus, to be emptied, for {Owner}")]
        public static partial void Closed(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Information, Message = "Left {Path} on the bus: {Owner} is detached from it")]
        public static partial void Detached(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Path} on the bus for {Owner}")]
        public static partial void Deleted(ILogger logger, string path, string owner);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} on the bus is not {Owner}'s: left alone")]
        public static partial void LeftAlone(ILogger logger, string path, string owner);
    }
}
