// What the operator made of a case's objects, without what is different each time.
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator.Tests.Golden;

/// <summary>
/// <code>
///   objects   each with its conditions (`Ready: True`, or status, reason and message) and the rest of its status
///   owned     what the operator made in the cluster
///   bus       topics, bus subscriptions with their rule, queues of the namespace's own
///   routing   ingresses, egresses and schedules of the namespace
///   events    about what the objects came to be: ready, or why not
/// </code>
/// A uid is shown as whose it is, times and generations are left out, and so is what an object labelled
/// <c>backdrop</c> becomes: a case about a Trigger needs a Broker, which has cases of its own.
/// </summary>
internal sealed partial class Snapshot(House house, GoldenCase of)
{
    private const string Backdrop = "backdrop";

    private readonly Dictionary<string, string> _uids = [];

    // Uids of what is behind the case, and the names of its Channels.
    private readonly HashSet<string> _behind = [];
    private readonly HashSet<string> _channelsBehind = [];

    public async Task<string> TakeAsync()
    {
        var asked = of.Objects();
        var objects = new JsonObject();
        var ready = new Dictionary<string, JsonNode?>();
        foreach (var json in asked.Where(json => json.Text("kind") != "Namespace"))
        {
            var there = await house.Get($"{House.Collection(json)}/{json.Text("metadata", "name")}");
            var name = $"{json.Text("kind")} {json.Text("metadata", "name")}";
            if (there is null)
            {
                objects[name] = "is not there";
                continue;
            }

            _uids[there.Uid] = name;
            if (there.Label(Backdrop) is not null)
            {
                _behind.Add(there.Uid);
                continue;
            }

            objects[name] = StatusOf(there);
            ready[there.Uid] = there.Condition(ConditionSet.Ready);
        }

        var all = new JsonObject
        {
            ["objects"] = objects,
            ["owned"] = await OwnedAsync(asked),
            ["bus"] = await BusAsync(),
            ["routing"] = await RoutingAsync(),
            ["events"] = await EventsAsync(ready),
        };
        var stable = JsonNode.Parse(WithoutUids(all.ToJsonString(Readable)));
        SortSubscribers(stable);
        return YamlText.Of(stable);
    }

    private static JsonObject StatusOf(Resource resource)
    {
        var status = (resource.Status as JsonObject)?.DeepClone() as JsonObject ?? [];
        status.Remove("observedGeneration");
        var conditions = new JsonObject();
        foreach (var condition in status.Items("conditions"))
        {
            conditions[condition.Text("type")!] = Short(condition);
        }

        status["conditions"] = conditions;
        return (JsonObject)Clean(status)!;
    }

    private static JsonNode Short(JsonNode? condition)
    {
        var shown = new JsonObject();
        foreach (var field in new[] { "status", "severity", "reason", "message" })
        {
            if (condition.NonEmpty(field) is { } value)
            {
                shown[field] = value;
            }
        }

        return shown.Count == 1 ? shown["status"]!.DeepClone() : shown;
    }

    private async Task<JsonObject> OwnedAsync(IReadOnlyList<JsonObject> asked)
    {
        var owned = new JsonObject();
        // Owners before what they own: a Service of a Channel of a Broker.
        ResourceType[] last = [ResourceTypes.Service, ResourceTypes.Deployment];
        foreach (var type in ResourceTypes.Watched.Where(type => type.Namespaced).OrderBy(last.Contains))
        {
            foreach (var item in await house.List(type.Path(of.Name)))
            {
                if (asked.Any(json => json.Text("kind") == type.Kind && json.Text("metadata", "name") == item.Name
                    && GroupKind.Of(json.Text("apiVersion")!, type.Kind) == type.GroupKind))
                {
                    continue;
                }

                _uids[item.Uid] = $"{type.Kind} {item.Name}";
                if (item.Controller is { } owner && _behind.Contains(owner.Uid))
                {
                    _behind.Add(item.Uid);
                    _channelsBehind.Add(item.Name);
                    continue;
                }

                owned[$"{type.GroupKind} {item.Name}"] = Clean(item.Json["spec"]?.DeepClone());
            }
        }

        return owned;
    }

    private async Task<JsonObject> BusAsync()
    {
        var entities = new JsonObject();
        var bus = house.Bus.Administration;
        await foreach (var topic in bus.GetTopicsAsync())
        {
            if (!topic.Name.StartsWith(of.Name + ".", StringComparison.Ordinal))
            {
                continue;
            }

            var shown = new JsonObject();
            if (topic.RequiresDuplicateDetection)
            {
                shown["duplicateDetection"] = topic.DuplicateDetectionHistoryTimeWindow.ToString();
            }

            var isBehind = _channelsBehind.Contains(topic.Name[(of.Name.Length + 1)..]);
            foreach (var subscription in await house.Bus.Subscriptions(topic.Name))
            {
                if (isBehind && subscription.SubscriptionName.StartsWith("internal-", StringComparison.Ordinal))
                {
                    continue;
                }

                shown[$"subscription {subscription.SubscriptionName}"] = await SubscriptionAsync(subscription);
            }

            if (!isBehind || shown.Any(field => field.Value is JsonObject))
            {
                entities[$"topic {topic.Name}"] = shown;
            }
        }

        await foreach (var queue in bus.GetQueuesAsync())
        {
            if (queue.Name.StartsWith($"eventing-dedicated.{of.Name}.", StringComparison.Ordinal))
            {
                entities[$"queue {queue.Name}"] = new JsonObject
                {
                    ["deadLettersTo"] = Last(queue.ForwardDeadLetteredMessagesTo),
                    ["duplicateDetection"] = queue.RequiresDuplicateDetection,
                    ["forwardTo"] = Last(queue.ForwardTo),
                };
            }
        }

        return entities;
    }

    private async Task<JsonObject> SubscriptionAsync(SubscriptionProperties subscription)
    {
        var shown = new JsonObject
        {
            ["forwardTo"] = Last(subscription.ForwardTo),
            ["deadLettersTo"] = Last(subscription.ForwardDeadLetteredMessagesTo),
        };
        if (subscription.RequiresSession)
        {
            shown["sessions"] = true;
        }

        foreach (var rule in await house.Bus.Rules(subscription))
        {
            shown[$"rule {rule.Name}"] = new JsonObject
            {
                ["filter"] = rule.Filter switch
                {
                    CorrelationRuleFilter correlation => new JsonObject(correlation.ApplicationProperties.Select(
                        property => KeyValuePair.Create<string, JsonNode?>(property.Key, $"{property.Value}"))),
                    SqlRuleFilter sql => sql.SqlExpression,
                    _ => rule.Filter.ToString(),
                },
                ["action"] = rule.Action is SqlRuleAction action
                    ? Since().Replace(action.SqlExpression, "eventing_since = N")
                    : null,
            };
        }

        return shown;
    }

    private async Task<JsonObject> RoutingAsync()
    {
        var table = await house.Table();
        var own = table with
        {
            Ingresses = [.. table.Ingresses.Where(
                ingress => ingress.Namespace == of.Name && !_behind.Contains(ingress.Uid))],
            Egresses = [.. table.Egresses.Where(egress => egress.Namespace == of.Name)],
        };
        var uids = own.Egresses.Select(egress => egress.Uid).ToHashSet();
        own = own with { Schedules = [.. table.Schedules.Where(schedule => uids.Contains(schedule.Uid))] };
        var json = JsonNode.Parse(RoutingTableJson.Serialize(own))!;
        return new JsonObject
        {
            ["ingresses"] = Clean(json["ingresses"]?.DeepClone()),
            ["egresses"] = Clean(json["egresses"]?.DeepClone()),
            ["schedules"] = Clean(json["schedules"]?.DeepClone()),
        };
    }

    // Steps on the way come as the moment has it; those about how things are now are there each time.
    private async Task<JsonArray> EventsAsync(Dictionary<string, JsonNode?> ready)
    {
        var told = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var item in await house.List($"api/v1/namespaces/{of.Name}/events"))
        {
            var kind = item.Json.Text("involvedObject", "kind");
            if (!ready.TryGetValue(item.Json.Text("involvedObject", "uid") ?? "", out var now))
            {
                continue;
            }

            var reason = item.Json.Text("reason");
            if (now.Text("status") == "True" ? reason == kind + "Ready"
                : reason == now.Text("reason") && item.Json.Text("message") == now.Text("message"))
            {
                told.Add($"{item.Json.Text("type")} {reason}, {kind} {item.Json.Text("involvedObject", "name")}, "
                    + item.Json.Text("message"));
            }
        }

        return new JsonArray([.. told.Select(line => (JsonNode?)line)]);
    }

    private static string? Last(string? target) =>
        string.IsNullOrEmpty(target) ? null : target[(target.TrimEnd('/').LastIndexOf('/') + 1)..];

    // What the API server or the clock filled in.
    private static JsonNode? Clean(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            foreach (var name in new[]
            {
                "lastTransitionTime", "since", "clusterIP", "clusterIPs", "observedGeneration", "generation",
            })
            {
                fields.Remove(name);
            }

            foreach (var (_, value) in fields)
            {
                Clean(value);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                Clean(item);
            }
        }

        return node;
    }

    // They stand in the order of their uids.
    private static void SortSubscribers(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            foreach (var (name, value) in fields.ToList())
            {
                SortSubscribers(value);
                if (name == "subscribers" && value is JsonArray several)
                {
                    fields[name] = new JsonArray([.. several.Select(item => item!.DeepClone())
                        .OrderBy(item => item.ToJsonString(), StringComparer.Ordinal)]);
                }
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                SortSubscribers(item);
            }
        }
    }

    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Names carry the first 8 or 5 characters of a uid.
    private string WithoutUids(string text)
    {
        foreach (var (uid, whose) in _uids)
        {
            text = text.Replace(uid, $"<uid of {Bare(whose)}>");
        }

        foreach (var uid in _uids.Keys)
        {
            text = text.Replace("-" + uid[..8], "-<uid>");
            text = Regex.Replace(text, $"-{uid[..5]}(?![0-9a-f])", "-<uid>");
        }

        return ApiServer().Replace(EventTypeHash().Replace(text, "-<hash>"), "https://<the API server>");
    }

    // An owned object's own name may have a uid in it.
    private string Bare(string whose) => _uids.Keys.Aggregate(
        whose, (text, uid) => text.Replace("-" + uid[..8], "-<uid>"));

    [GeneratedRegex(@"https://127\.0\.0\.1:\d+")]
    private static partial Regex ApiServer();

    [GeneratedRegex(@"eventing_since = \d+")]
    private static partial Regex Since();

    [GeneratedRegex(@"(?<=EventType\.eventing\.knative\.dev [\w.-]*)-[0-9a-f]{12}\b")]
    private static partial Regex EventTypeHash();
}
