// The conditions of one object while it is being reconciled, and what Ready follows from them.
using System.Globalization;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Operator.Resources;

/// <summary>One condition as Knative's status writes it.</summary>
public sealed record Condition(string Type, ConditionStatus Status, string? Reason = null, string? Message = null)
{
    /// <summary>When <see cref="Status"/> last changed.</summary>
    public string? Since { get; init; }

    /// <summary>Empty for errors; <c>Info</c> for conditions that Ready does not depend on.</summary>
    public string? Severity { get; init; }
}

/// <summary>A condition's status.</summary>
public enum ConditionStatus
{
    Unknown,
    True,
    False,
}

/// <summary>
/// Starts from what the object's status says, takes the marks of one reconcile, and writes the list back.
/// </summary>
/// <remarks>
/// Ready: a dependent that is False makes it False, the one that turned last giving reason and message; else one that
/// is Unknown or missing makes it Unknown; else it is True. Times move only where a status changed, and all that
/// change in one reconcile share one time.
/// </remarks>
public sealed class Conditions
{
    private readonly ConditionSet _set;
    private readonly Dictionary<string, Condition> _previous;
    private readonly Dictionary<string, Condition> _current;
    private readonly string _now;

    public Conditions(ConditionSet set, JsonNode? status, DateTimeOffset now)
    {
        _set = set;
        _previous = Read(status);
        _current = new Dictionary<string, Condition>(_previous);
        _now = now.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
    }

    public Condition? this[string type] =>
        type == ConditionSet.Ready ? Happy() : _current.GetValueOrDefault(type);

    public bool IsReady => Happy().Status == ConditionStatus.True;

    public void MarkTrue(string type, string? reason = null, string? message = null) =>
        Mark(new Condition(type, ConditionStatus.True, reason, message));

    public void MarkFalse(string type, string reason, string message) =>
        Mark(new Condition(type, ConditionStatus.False, reason, message));

    public void MarkUnknown(string type, string reason, string message) =>
        Mark(new Condition(type, ConditionStatus.Unknown, reason, message));

    /// <summary>The list for <c>status.conditions</c>, sorted by type.</summary>
    public JsonArray ToJson()
    {
        foreach (var dependent in _set.Dependents)
        {
            _current.TryAdd(dependent, new Condition(dependent, ConditionStatus.Unknown));
        }

        _current[ConditionSet.Ready] = Happy();
        return new JsonArray(_current.Values
            .OrderBy(condition => condition.Type, StringComparer.Ordinal)
            .Select(condition => Write(WithTime(condition)))
            .ToArray());
    }

    private void Mark(Condition condition) =>
        _current[condition.Type] = _set.Dependents.Contains(condition.Type)
            ? condition
            : condition with { Severity = "Info" };

    private Condition Happy()
    {
        var dependents = _set.Dependents
            .Select(type => _current.GetValueOrDefault(type) ?? new Condition(type, ConditionStatus.Unknown))
            .Select(WithTime)
            .ToList();
        // A list order is kept among equals, so the set's first culprit wins when several turned at once.
        var culprit = dependents.Where(condition => condition.Status == ConditionStatus.False)
                .OrderByDescending(condition => condition.Since, StringComparer.Ordinal).FirstOrDefault()
            ?? dependents.Find(condition => condition is { Status: ConditionStatus.Unknown, Reason: not null })
            ?? dependents.Find(condition => condition.Status == ConditionStatus.Unknown);
        return culprit is null
            ? new Condition(ConditionSet.Ready, ConditionStatus.True)
            : new Condition(ConditionSet.Ready, culprit.Status, culprit.Reason, culprit.Message);
    }

    private Condition WithTime(Condition condition) =>
        _previous.TryGetValue(condition.Type, out var before) && before.Status == condition.Status
            && before.Since is not null
            ? condition with { Since = before.Since }
            : condition with { Since = _now };

    private static Dictionary<string, Condition> Read(JsonNode? status)
    {
        var read = new Dictionary<string, Condition>(StringComparer.Ordinal);
        foreach (var item in status.Items("conditions"))
        {
            if (item.NonEmpty("type") is { } type)
            {
                _ = Enum.TryParse<ConditionStatus>(item.Text("status"), out var value);
                read[type] = new Condition(type, value, item.NonEmpty("reason"), item.NonEmpty("message"))
                {
                    Since = item.NonEmpty("lastTransitionTime"),
                    Severity = item.NonEmpty("severity"),
                };
            }
        }

        return read;
    }

    private static JsonObject Write(Condition condition)
    {
        var json = new JsonObject
        {
            ["type"] = condition.Type,
            ["status"] = condition.Status.ToString(),
            ["lastTransitionTime"] = condition.Since,
        };
        if (condition.Severity is not null)
        {
            json["severity"] = condition.Severity;
        }

        if (condition.Reason is not null)
        {
            json["reason"] = condition.Reason;
        }

        if (condition.Message is not null)
        {
            json["message"] = condition.Message;
        }

        return json;
    }
}
