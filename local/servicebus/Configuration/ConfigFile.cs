// Creates the entities of a config.json that are not there yet.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Configuration;

/// <summary>
/// What the folder has already stays as it is, with its messages: the file says what must be there, not what must not.
/// </summary>
internal static class ConfigFile
{
    private const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Throws <see cref="EmulatorStartException"/> that names the file, the line and what is wrong.</summary>
    public static async Task ApplyAsync(string file, Broker broker, CancellationToken cancellationToken)
    {
        try
        {
            var info = new FileInfo(file);
            if (info.Exists && info.Length > MaxBytes)
            {
                throw new ConfigException(1, $"The file has {info.Length} bytes; at most {MaxBytes} are read.");
            }

            var entities = EntityConfig.Read(await File.ReadAllBytesAsync(file, cancellationToken));
            foreach (var entity in InOrder(entities))
            {
                await CreateAsync(entity, broker, cancellationToken);
            }
        }
        catch (ConfigException problem)
        {
            throw new EmulatorStartException($"{file}, line {problem.Line}: {problem.Message}", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new EmulatorStartException($"{file} cannot be read: {problem.Message}", problem);
        }
    }

    /// <summary>What is forwarded to comes before what forwards.</summary>
    private static IEnumerable<ConfiguredEntity> InOrder(List<ConfiguredEntity> entities)
    {
        var left = entities.ToList();
        while (left.Count > 0)
        {
            var waiting = left.Select(entity => PathOf(entity.Description)).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var free = left.FindAll(entity => !entity.Needs.Any(waiting.Contains));
            if (free.Count == 0)
            {
                throw new ConfigException(left[0].Line, $"'{PathOf(left[0].Description)}' forwards in a circle.");
            }

            foreach (var entity in free)
            {
                yield return entity;
            }

            left.RemoveAll(free.Contains);
        }
    }

    private static async Task CreateAsync(ConfiguredEntity entity, Broker broker, CancellationToken cancellationToken)
    {
        if (broker.Topology.Find(PathOf(entity.Description)) is not null)
        {
            return;
        }

        var administration = broker.Administration;
        Check(entity, entity.Description switch
        {
            QueueDescription queue => await administration.CreateAsync(queue, cancellationToken),
            TopicDescription topic => await administration.CreateAsync(topic, cancellationToken),
            SubscriptionDescription subscription =>
                await administration.CreateAsync(subscription, entity.Rules[0], cancellationToken),
            _ => null,
        });
        if (entity.Description is SubscriptionDescription { Topic: var parent, Name: var name })
        {
            foreach (var rule in entity.Rules.Skip(1))
            {
                Check(entity, await administration.CreateRuleAsync(parent, name, rule, cancellationToken));
            }
        }
    }

    private static void Check(ConfiguredEntity entity, AdministrationError? error)
    {
        if (error is not null)
        {
            throw new ConfigException(entity.Line, error.Message);
        }
    }

    private static string PathOf(EntityDescription description) => description is SubscriptionDescription subscription
        ? EntityPath.OfSubscription(subscription.Topic, subscription.Name)
        : description.Name;
}
