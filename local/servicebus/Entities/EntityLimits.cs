// What names and settings may be, as Azure limits them.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>Checks a description; the answer is null or what is wrong and how to mend it.</summary>
internal static class EntityLimits
{
    public const int DefaultMessageKilobytes = 256;
    public const int MaxMessageKilobytes = 102_400;
    public const int MaxSubscriptionsPerTopic = 2_000;
    public const int MaxRulesPerSubscription = 2_000;
    public const int MaxExpressionLength = 1_024;
    public const int MaxUserMetadataLength = 1_024;
    public const int MaxEntities = 10_000;
    public const int MaxHops = 4;
    public const int MaxMessageIdLength = 128;
    private const int MaxPathLength = 260;
    private const int MaxNameLength = 50;
    private const string NameMarks = "-._";

    public static string? Check(QueueDescription queue) =>
        CheckPath(queue.Name)
        ?? CheckShared(queue)
        ?? CheckReceiving(queue.LockDuration, queue.MaxDeliveryCount)
        ?? CheckSizes(queue.MaxMessageSizeInKilobytes, queue.DuplicateDetectionWindow)
        ?? CheckForward(queue.Name, queue.ForwardTo, queue.ForwardDeadLetteredMessagesTo, queue.RequiresSession);

    public static string? Check(TopicDescription topic) =>
        CheckPath(topic.Name)
        ?? CheckShared(topic)
        ?? CheckSizes(topic.MaxMessageSizeInKilobytes, topic.DuplicateDetectionWindow);

    public static string? Check(SubscriptionDescription subscription) =>
        CheckName("subscription", subscription.Name)
        ?? CheckShared(subscription)
        ?? CheckReceiving(subscription.LockDuration, subscription.MaxDeliveryCount)
        ?? CheckForward(
            EntityPath.OfSubscription(subscription.Topic, subscription.Name), subscription.ForwardTo,
            subscription.ForwardDeadLetteredMessagesTo, subscription.RequiresSession);

    public static string? Check(RuleDescription rule)
    {
        var named = rule.Name == RuleDescription.DefaultName ? null : CheckName("rule", rule.Name);
        return named
            ?? CheckExpression("filter", rule.SqlExpression)
            ?? CheckExpression("action", rule.ActionExpression);
    }

    private static string? CheckPath(string path)
    {
        if (path.Length is 0 or > MaxPathLength)
        {
            return $"An entity path has 1 to {MaxPathLength} characters; '{path}' has {path.Length}.";
        }

        var odd = path.FirstOrDefault(c =>
            !char.IsAsciiLetterOrDigit(c) && !NameMarks.Contains(c) && c is not ('/' or '~'));
        return odd == default
            ? null
            : $"The entity path '{path}' contains '{odd}'; letters, digits, '.', '-', '_', '~' and '/' are allowed.";
    }

    private static string? CheckName(string what, string name)
    {
        if (name.Length is 0 or > MaxNameLength)
        {
            return $"A {what} name has 1 to {MaxNameLength} characters; '{name}' has {name.Length}.";
        }

        var odd = name.FirstOrDefault(c => !char.IsAsciiLetterOrDigit(c) && !NameMarks.Contains(c));
        return odd == default
            ? null
            : $"The {what} name '{name}' contains '{odd}'; letters, digits, '.', '-' and '_' are allowed.";
    }

    private static string? CheckShared(EntityDescription entity)
    {
        if (entity.DefaultMessageTimeToLive < TimeSpan.FromSeconds(1))
        {
            return $"DefaultMessageTimeToLive is at least 1 second; it is {entity.DefaultMessageTimeToLive}.";
        }

        if (entity.AutoDeleteOnIdle < TimeSpan.FromMinutes(5))
        {
            return $"AutoDeleteOnIdle is at least 5 minutes; it is {entity.AutoDeleteOnIdle}.";
        }

        return entity.UserMetadata is { Length: > MaxUserMetadataLength }
            ? $"UserMetadata has at most {MaxUserMetadataLength} characters; it has {entity.UserMetadata.Length}."
            : null;
    }

    private static string? CheckReceiving(TimeSpan lockDuration, int maxDeliveryCount)
    {
        if (lockDuration < TimeSpan.FromSeconds(1) || lockDuration > TimeSpan.FromMinutes(5))
        {
            return $"LockDuration is between 1 second and 5 minutes; it is {lockDuration}.";
        }

        return maxDeliveryCount is < 1 or > 2000
            ? $"MaxDeliveryCount is between 1 and 2000; it is {maxDeliveryCount}."
            : null;
    }

    private static string? CheckSizes(long kilobytes, TimeSpan window)
    {
        if (kilobytes is < 1 or > MaxMessageKilobytes)
        {
            return $"MaxMessageSizeInKilobytes is between 1 and {MaxMessageKilobytes}; it is {kilobytes}.";
        }

        return window < TimeSpan.FromSeconds(5) || window > TimeSpan.FromDays(7)
            ? $"DuplicateDetectionHistoryTimeWindow is between 5 seconds and 7 days; it is {window}."
            : null;
    }

    private static string? CheckForward(string path, string? to, string? deadLettersTo, bool sessions)
    {
        if (string.Equals(path, to, StringComparison.OrdinalIgnoreCase)
            || string.Equals(path, deadLettersTo, StringComparison.OrdinalIgnoreCase))
        {
            return $"'{path}' cannot forward to itself.";
        }

        return sessions && to is not null
            ? $"'{path}' requires sessions and therefore cannot forward: set RequiresSession or ForwardTo, not both."
            : null;
    }

    private static string? CheckExpression(string what, string? expression) =>
        expression is { Length: > MaxExpressionLength }
            ? $"A {what} has at most {MaxExpressionLength} characters; this one has {expression.Length}."
            : null;
}
