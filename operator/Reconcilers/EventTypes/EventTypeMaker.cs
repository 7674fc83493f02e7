// Makes EventTypes of what the functions saw come in, when that is switched on.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.EventTypes;

/// <summary>Knative's <c>eventtype-auto-create</c>.</summary>
/// <remarks>
/// <code>
///   functions ─POST /eventtypes─► queue ─► 1 whose is it? the Broker, or the Channel no Broker owns; gone: nothing
///                                          2 described already, by whomever? nothing
///                                          3 fewer than 1,000 made for it? make one, owned by it
/// </code>
/// One at a time, at most ten a second. What does not fit the queue is seen again: functions report each type anew
/// within an hour.
/// </remarks>
public sealed partial class EventTypeMaker(ReconcilerParts parts, ILogger logger)
{
    /// <summary>Label of the EventTypes made here.</summary>
    public const string Label = "eventing.azure.dev/auto-created";

    /// <summary>The most EventTypes one Broker or Channel gets; a source for each event would have no end.</summary>
    public const int MaxForOne = 1000;

    private const int MaxWaiting = 2000;
    private const int MaxAttribute = 1024;
    private const int MaxName = 253;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(5);

    private readonly Channel<SeenEventType> _waiting = Channel.CreateBounded<SeenEventType>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    public void Offer(IEnumerable<SeenEventType> seen)
    {
        foreach (var one in seen.Where(one => one.Type.Length <= MaxAttribute && one.Source.Length <= MaxAttribute))
        {
            _waiting.Writer.TryWrite(one);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var seen in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                while (!await MakeAsync(seen, cancellationToken))
                {
                    await Task.Delay(PauseAfterFault, parts.Time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    // False when the API server could not be asked.
    private async Task<bool> MakeAsync(SeenEventType seen, CancellationToken cancellationToken)
    {
        if (OwnerOf(seen.Ingress) is not var (type, owner) || IsDescribed(seen, type, owner) || IsFull(type, owner))
        {
            return true;
        }

        try
        {
            var answer = await parts.Client.CreateAsync(
                ResourceTypes.EventType, Json(seen, type, owner), cancellationToken);
            if (answer.IsSuccess)
            {
                Log.Made(logger, seen.Type, seen.Source, type.Kind, owner.Key);
            }
            else if (!answer.IsConflict)
            {
                Log.Refused(logger, seen.Type, seen.Source, type.Kind, owner.Key, answer.Message);
            }

            await Task.Delay(Pause, parts.Time, cancellationToken);
            return true;
        }
        catch (HttpRequestException error)
        {
            Log.Refused(logger, seen.Type, seen.Source, type.Kind, owner.Key, error.Message);
            return false;
        }
    }

    private (ResourceType Type, Resource Owner)? OwnerOf(string uid)
    {
        if (parts.Routing.FindIngress(uid) is not { } ingress)
        {
            return null;
        }

        var key = new ResourceKey(ingress.Namespace, ingress.Name);
        if (ingress.Kind == IngressKind.Broker)
        {
            return Known(ResourceTypes.Broker, key, uid);
        }

        foreach (var kind in parts.Kinds.Channels)
        {
            if (Known(kind, key, uid) is var (type, channel))
            {
                // Replies come in by a Channel that their Broker owns.
                return channel.Controller is { } owner && owner.Kind == ResourceTypes.Broker.GroupKind
                    ? Known(ResourceTypes.Broker, key with { Name = owner.Name }, owner.Uid)
                    : (type, channel);
            }
        }

        return null;
    }

    private (ResourceType Type, Resource Owner)? Known(ResourceType type, ResourceKey key, string uid) =>
        parts.Informers[type].Get(key) is { IsDeleting: false } there && there.Uid == uid ? (type, there) : null;

    private IEnumerable<Resource> In(string @namespace) =>
        parts.Informers[ResourceTypes.EventType].All.Where(item => item.Namespace == @namespace);

    // By us, by a source, or by hand.
    private bool IsDescribed(SeenEventType seen, ResourceType type, Resource owner) =>
        In(owner.Namespace).Any(item => item.Spec.Text("type") == seen.Type && item.Spec.Text("source") == seen.Source
            && (item.Spec.Text("reference", "kind") == type.Kind && item.Spec.Text("reference", "name") == owner.Name
                || type == ResourceTypes.Broker && item.Spec.Text("broker") == owner.Name));

    private bool IsFull(ResourceType type, Resource owner)
    {
        if (In(owner.Namespace).Count(item => item.Label(Label) is not null && item.Controller?.Uid == owner.Uid)
            < MaxForOne)
        {
            return false;
        }

        parts.Events.Warning(type, owner, "EventTypesLimit",
            $"{MaxForOne} EventTypes were made of what came in here, and no more are; delete those with label {Label} "
            + "that nobody needs, or switch their creation off");
        return true;
    }

    private static JsonObject Json(SeenEventType seen, ResourceType type, Resource owner) => new()
    {
        ["apiVersion"] = ResourceTypes.EventType.ApiVersion,
        ["kind"] = ResourceTypes.EventType.Kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = Name(seen, owner),
            ["namespace"] = owner.Namespace,
            ["labels"] = new JsonObject { [Label] = "true" },
            ["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = type.ApiVersion,
                ["kind"] = type.Kind,
                ["name"] = owner.Name,
                ["uid"] = owner.Uid,
                ["controller"] = true,
                ["blockOwnerDeletion"] = true,
            }),
        },
        ["spec"] = Spec(seen, type, owner),
    };

    private static JsonObject Spec(SeenEventType seen, ResourceType type, Resource owner)
    {
        var spec = new JsonObject
        {
            ["type"] = seen.Type,
            ["source"] = seen.Source,
            ["description"] = "Event Type auto-created by controller",
            ["reference"] = new JsonObject
            {
                ["apiVersion"] = type.ApiVersion,
                ["kind"] = type.Kind,
                ["name"] = owner.Name,
                ["namespace"] = owner.Namespace,
            },
        };
        // The same as v1beta3 says it, whose columns kubectl shows: versions are not converted.
        spec["attributes"] = new JsonArray(
            Attribute("type", seen.Type), Attribute("source", seen.Source), Attribute("specversion", null),
            Attribute("id", null));
        if (seen.Schema is { } schema)
        {
            spec["schema"] = schema;
        }

        return spec;
    }

    private static JsonObject Attribute(string name, string? value)
    {
        var attribute = new JsonObject { ["name"] = name, ["required"] = true };
        if (value is not null)
        {
            attribute["value"] = value;
        }

        return attribute;
    }

    // Knative's own name for it, so that the two beside each other make one. The hash is for telling names apart only.
    private static string Name(SeenEventType seen, Resource owner)
    {
        var hash = Convert.ToHexStringLower(
            MD5.HashData(Encoding.UTF8.GetBytes(seen.Type + seen.Source + owner.Namespace + owner.Name)));
        var room = MaxName - "et--".Length - hash.Length;
        var stem = owner.Name.Length <= room ? owner.Name : owner.Name[..room].TrimEnd('-', '.');
        return $"et-{stem}-{hash}";
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information,
            Message = "EventType made of {Type} from {Source}, seen at {Kind} {Key}")]
        public static partial void Made(ILogger logger, string type, string source, string kind, ResourceKey key);

        [LoggerMessage(Level = LogLevel.Warning,
            Message = "No EventType of {Type} from {Source}, seen at {Kind} {Key}: {Why}")]
        public static partial void Refused(
            ILogger logger, string type, string source, string kind, ResourceKey key, string why);
    }
}
