// Decides where the copies of a message go: through rules, along auto-forwarding, into mailboxes.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Rules;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// <code>
///   Arrive ─1─► seen before? ──► dropped, counted; being written: awaited    (duplicate detection of this entity)
///          ─2─► for later?   ──► scheduled in this entity
///   Pass   ─3─► topic: rules ──► one copy for all matching rules without action, one more for each with an action
///          ─4─► ForwardTo?   ──► Arrive at the target, hops + 1; refused there ──► dead-lettered here
///          ─5─► else         ──► into the mailbox
/// </code>
/// The whole way is decided before anything is written, so a publish and all its forwards are one transaction.
/// </summary>
internal sealed class Router(Topology topology, TimeProvider time, BrokerCounters counters)
{
    /// <summary>More than <see cref="EntityLimits.MaxHops"/>: dead letters may travel on, but not in circles.</summary>
    private const int MaxDeadLetterHops = 8;

    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A message comes to an entity: sent by a client, or forwarded.</summary>
    public void Arrive(EntityNode node, MessageView view, RoutingResult into)
    {
        node.Touch();
        if (IsDuplicate(node, view, into))
        {
            return;
        }

        var now = Now;
        LimitLife(node, view, now);
        if (view.ScheduledFor > now)
        {
            into.Placements.Add(Place(node.Messages, view, now) with
            {
                State = EntryState.Scheduled,
                DueTime = view.ScheduledFor,
            });
            return;
        }

        Pass(node, view, now, into);
    }

    /// <summary>
    /// A message leaves its entity's door: an arrival that is not scheduled, or a schedule that is due.
    /// </summary>
    public void Pass(EntityNode node, MessageView view, RoutingResult into) => Pass(node, view, Now, into);

    // One time for expiry and for enqueueing: receivers see their difference as the time to live.
    private void Pass(EntityNode node, MessageView view, long now, RoutingResult into)
    {
        if (node is TopicNode topic)
        {
            FanOut(topic, view, now, into);
        }
        else if (node.ForwardTo is { } target)
        {
            Forward(node, target, view, into);
        }
        else if (view.SessionId is null && node.Messages.Settings.RequiresSession)
        {
            DeadLetter(node, view, "Session ID is null.", "The entity requires sessions.", into);
        }
        else
        {
            into.Placements.Add(Place(node.Messages, view, now));
        }
    }

    /// <summary>To the entity's DLQ, or to where it forwards its dead letters.</summary>
    public void DeadLetter(EntityNode node, MessageView view, string reason, string? description, RoutingResult into)
    {
        var dead = view.Copy();
        dead.SetUser("DeadLetterReason", reason);
        if (description is not null)
        {
            dead.SetUser("DeadLetterErrorDescription", description);
        }

        dead.Overlay = dead.Overlay.WithAnnotation("x-opt-deadletter-source", node.Path);
        dead.ScheduledFor = 0;
        dead.TimeToLive = long.MaxValue;
        dead.ExpiresAt = 0;
        counters.DeadLettered();
        if (node.ForwardDeadLettersTo is { } target
            && dead.Hops < MaxDeadLetterHops
            && topology.Find(target) is { CanSend: true, IsFull: false } targetNode)
        {
            dead.Hops++;
            Arrive(targetNode, dead, into);
            return;
        }

        into.Placements.Add(Place(node.DeadLetters, dead, Now));
    }

    private bool IsDuplicate(EntityNode node, MessageView view, RoutingResult into)
    {
        var window = node.Description switch
        {
            QueueDescription { RequiresDuplicateDetection: true } queue => queue.DuplicateDetectionWindow,
            TopicDescription { RequiresDuplicateDetection: true } topic => topic.DuplicateDetectionWindow,
            _ => TimeSpan.Zero,
        };
        if (window == TimeSpan.Zero || view.MessageId is not { Length: > 0 } id)
        {
            return false;
        }

        switch (node.Duplicates.Claim(id, Now, window, into.Owner))
        {
            case null:
                counters.DuplicateDropped();
                return true;
            case var claim when claim.Owner == into.Owner:
                into.Claims.Add(claim);
                return false;
            case var another:
                into.Awaited = another;
                return true;
        }
    }

    private void FanOut(TopicNode topic, MessageView view, long now, RoutingResult into)
    {
        var matched = new List<MatchedRule>();
        var failed = new List<KeyValuePair<MatchedRule, RuleEvaluationException>>();
        topic.Rules.Match(view, matched, failed);
        SubscriptionNode? plain = null;
        HashSet<SubscriptionNode>? plainOnes = null;
        foreach (var (subscription, rule) in matched)
        {
            if (rule.Action is not null)
            {
                Enter(subscription, view, rule, now, into);
                continue;
            }

            // However many rules without action match, they make one copy.
            if (plain is null)
            {
                plain = subscription;
            }
            else if (subscription == plain || !(plainOnes ??= []).Add(subscription))
            {
                continue;
            }

            Enter(subscription, view, null, now, into);
        }

        foreach (var ((subscription, rule), problem) in failed)
        {
            if (subscription.Subscription.DeadLetteringOnFilterEvaluationExceptions)
            {
                DeadLetter(
                    subscription, view, "FilterEvaluationException",
                    $"{rule.Description.Name}: {problem.Message}", into);
            }
        }
    }

    private void Enter(
        SubscriptionNode subscription, MessageView view, CompiledRule? acting, long now, RoutingResult into)
    {
        if (!subscription.CanSend)
        {
            return;
        }

        var copy = view.Copy();
        LimitLife(subscription, copy, now);
        if (acting?.Action is { } action)
        {
            try
            {
                action.Apply(copy);
                copy.SetUser("RuleName", acting.Description.Name);
            }
            catch (RuleEvaluationException problem)
            {
                DeadLetter(subscription, view, "RuleActionEvaluationException", problem.Message, into);
                return;
            }
        }

        Pass(subscription, copy, now, into);
    }

    private void Forward(EntityNode source, string target, MessageView view, RoutingResult into)
    {
        if (view.Hops >= EntityLimits.MaxHops)
        {
            DeadLetter(
                source, view, "MaxTransferHopCountExceeded",
                $"The message was forwarded more than {EntityLimits.MaxHops} times.", into);
            return;
        }

        var refusal = topology.Find(target) switch
        {
            null => ("ForwardTargetNotFound", $"'{target}' does not exist."),
            { CanSend: false } => ("ForwardTargetDisabled", $"'{target}' takes no messages."),
            { IsFull: true } => ("ForwardTargetFull", $"'{target}' has reached its maximum size."),
            QueueNode { Queue.RequiresSession: true } when view.SessionId is null =>
                ("Session ID is null.", $"'{target}' requires sessions."),
            _ => default((string, string)?),
        };
        if (refusal is var (reason, description))
        {
            DeadLetter(source, view, reason, description, into);
            return;
        }

        view.Hops++;
        Arrive(topology.Find(target)!, view, into);
    }

    private static void LimitLife(EntityNode node, MessageView view, long now)
    {
        var limit = node.Description.DefaultMessageTimeToLive;
        var ttl = limit == TimeSpan.MaxValue
            ? view.TimeToLive
            : Math.Min(view.TimeToLive, (long)limit.TotalMilliseconds);
        if (ttl >= (long)TimeSpan.FromDays(36_500).TotalMilliseconds)
        {
            return;
        }

        var expires = Math.Max(now, view.ScheduledFor) + ttl;
        view.ExpiresAt = view.ExpiresAt == 0 ? expires : Math.Min(view.ExpiresAt, expires);
    }

    private static Placement Place(Mailbox mailbox, MessageView view, long now) => new()
    {
        Mailbox = mailbox,
        State = EntryState.Active,
        Overlay = view.Overlay,
        EnqueuedTime = now,
        EnqueuedSequence = view.EnqueuedSequence,
        DueTime = view.ScheduledFor,
        ExpiresAt = view.ExpiresAt,
        Hops = view.Hops,
        SessionId = view.SessionId,
    };
}
