// Creates and updates entities from what management clients send.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>Turns a description element into a description and hands it to the administration.</summary>
internal sealed class EntityWriter(Administration administration, Topology topology)
{
    public Task<AdministrationError?> PutAsync(
        ManagementTarget target, DescriptionXml xml, bool update, CancellationToken cancellationToken) =>
        (target.Kind, target.IsList, xml.Kind) switch
        {
            (TargetKind.Entity, false, "QueueDescription") => PutQueueAsync(target, xml, update, cancellationToken),
            (TargetKind.Entity, false, "TopicDescription") => PutTopicAsync(target, xml, update, cancellationToken),
            (TargetKind.Subscription, false, "SubscriptionDescription") =>
                PutSubscriptionAsync(target, xml, update, cancellationToken),
            (TargetKind.Rule, false, "RuleDescription") => PutRuleAsync(target, xml, update, cancellationToken),
            _ => Task.FromResult<AdministrationError?>(
                AdministrationError.Invalid($"'{target.Path}' cannot be given a {xml.Kind}.")),
        };

    private Task<AdministrationError?> PutQueueAsync(
        ManagementTarget target, DescriptionXml xml, bool update, CancellationToken cancellationToken)
    {
        var start = update && topology.TryFind<QueueNode>(target.Path, out var node)
            ? node.Queue
            : new QueueDescription { Name = target.Path };
        var queue = start with
        {
            LockDuration = xml.Duration("LockDuration", start.LockDuration),
            MaxSizeInMegabytes = xml.Number("MaxSizeInMegabytes", start.MaxSizeInMegabytes),
            RequiresDuplicateDetection = xml.Flag("RequiresDuplicateDetection", start.RequiresDuplicateDetection),
            RequiresSession = xml.Flag("RequiresSession", start.RequiresSession),
            DefaultMessageTimeToLive = xml.Duration("DefaultMessageTimeToLive", start.DefaultMessageTimeToLive),
            DeadLetteringOnMessageExpiration =
                xml.Flag("DeadLetteringOnMessageExpiration", start.DeadLetteringOnMessageExpiration),
            DuplicateDetectionWindow =
                xml.Duration("DuplicateDetectionHistoryTimeWindow", start.DuplicateDetectionWindow),
            MaxDeliveryCount = xml.Number("MaxDeliveryCount", start.MaxDeliveryCount),
            EnableBatchedOperations = xml.Flag("EnableBatchedOperations", start.EnableBatchedOperations),
            Status = xml.Status(start.Status),
            ForwardTo = xml.Forward("ForwardTo"),
            UserMetadata = xml.Text("UserMetadata"),
            AutoDeleteOnIdle = xml.Duration("AutoDeleteOnIdle", start.AutoDeleteOnIdle),
            EnablePartitioning = xml.Flag("EnablePartitioning", start.EnablePartitioning),
            ForwardDeadLetteredMessagesTo = xml.Forward("ForwardDeadLetteredMessagesTo"),
            EnableExpress = xml.Flag("EnableExpress", start.EnableExpress),
            MaxMessageSizeInKilobytes = xml.Number("MaxMessageSizeInKilobytes", start.MaxMessageSizeInKilobytes),
        };
        return update
            ? administration.UpdateAsync(queue, cancellationToken)
            : administration.CreateAsync(queue, cancellationToken);
    }

    private Task<AdministrationError?> PutTopicAsync(
        ManagementTarget target, DescriptionXml xml, bool update, CancellationToken cancellationToken)
    {
        var start = update && topology.TryFind<TopicNode>(target.Path, out var node)
            ? node.Topic
            : new TopicDescription { Name = target.Path };
        var topic = start with
        {
            DefaultMessageTimeToLive = xml.Duration("DefaultMessageTimeToLive", start.DefaultMessageTimeToLive),
            MaxSizeInMegabytes = xml.Number("MaxSizeInMegabytes", start.MaxSizeInMegabytes),
            RequiresDuplicateDetection = xml.Flag("RequiresDuplicateDetection", start.RequiresDuplicateDetection),
            DuplicateDetectionWindow =
                xml.Duration("DuplicateDetectionHistoryTimeWindow", start.DuplicateDetectionWindow),
            EnableBatchedOperations = xml.Flag("EnableBatchedOperations", start.EnableBatchedOperations),
            Status = xml.Status(start.Status),
            UserMetadata = xml.Text("UserMetadata"),
            SupportOrdering = xml.Flag("SupportOrdering", start.SupportOrdering),
            AutoDeleteOnIdle = xml.Duration("AutoDeleteOnIdle", start.AutoDeleteOnIdle),
            EnablePartitioning = xml.Flag("EnablePartitioning", start.EnablePartitioning),
            EnableExpress = xml.Flag("EnableExpress", start.EnableExpress),
            MaxMessageSizeInKilobytes = xml.Number("MaxMessageSizeInKilobytes", start.MaxMessageSizeInKilobytes),
        };
        return update
            ? administration.UpdateAsync(topic, cancellationToken)
            : administration.CreateAsync(topic, cancellationToken);
    }

    private Task<AdministrationError?> PutSubscriptionAsync(
        ManagementTarget target, DescriptionXml xml, bool update, CancellationToken cancellationToken)
    {
        var start = update && topology.TryFind<SubscriptionNode>(
            EntityPath.OfSubscription(target.Topic!, target.Subscription!), out var node)
            ? node.Subscription
            : new SubscriptionDescription { Topic = target.Topic!, Name = target.Subscription! };
        var subscription = start with
        {
            LockDuration = xml.Duration("LockDuration", start.LockDuration),
            RequiresSession = xml.Flag("RequiresSession", start.RequiresSession),
            DefaultMessageTimeToLive = xml.Duration("DefaultMessageTimeToLive", start.DefaultMessageTimeToLive),
            DeadLetteringOnMessageExpiration =
                xml.Flag("DeadLetteringOnMessageExpiration", start.DeadLetteringOnMessageExpiration),
            DeadLetteringOnFilterEvaluationExceptions = xml.Flag(
                "DeadLetteringOnFilterEvaluationExceptions", start.DeadLetteringOnFilterEvaluationExceptions),
            MaxDeliveryCount = xml.Number("MaxDeliveryCount", start.MaxDeliveryCount),
            EnableBatchedOperations = xml.Flag("EnableBatchedOperations", start.EnableBatchedOperations),
            Status = xml.Status(start.Status),
            ForwardTo = xml.Forward("ForwardTo"),
            UserMetadata = xml.Text("UserMetadata"),
            ForwardDeadLetteredMessagesTo = xml.Forward("ForwardDeadLetteredMessagesTo"),
            AutoDeleteOnIdle = xml.Duration("AutoDeleteOnIdle", start.AutoDeleteOnIdle),
        };
        return update
            ? administration.UpdateAsync(subscription, cancellationToken)
            : administration.CreateAsync(subscription, xml.FirstRule(), cancellationToken);
    }

    private Task<AdministrationError?> PutRuleAsync(
        ManagementTarget target, DescriptionXml xml, bool update, CancellationToken cancellationToken)
    {
        var rule = xml.Rule(target.Rule!);
        return update
            ? administration.UpdateRuleAsync(target.Topic!, target.Subscription!, rule, cancellationToken)
            : administration.CreateRuleAsync(target.Topic!, target.Subscription!, rule, cancellationToken);
    }
}
