// A message's properties for the rule tests.
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

internal sealed class PropertyBag : IMutableMessageProperties
{
    public Dictionary<string, object?> User { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, object?> System { get; init; } = new(StringComparer.Ordinal)
    {
        [SystemProperty.CorrelationId] = null,
        [SystemProperty.MessageId] = "m-1",
        [SystemProperty.To] = null,
        [SystemProperty.ReplyTo] = null,
        [SystemProperty.Label] = null,
        [SystemProperty.SessionId] = null,
        [SystemProperty.ReplyToSessionId] = null,
        [SystemProperty.ContentType] = null,
    };

    public static PropertyBag With(params (string Name, object? Value)[] properties)
    {
        var bag = new PropertyBag();
        foreach (var (name, value) in properties)
        {
            if (name.StartsWith("sys.", StringComparison.Ordinal))
            {
                bag.System[name[4..]] = value;
            }
            else
            {
                bag.User[name] = value;
            }
        }

        return bag;
    }

    public bool TryGetUser(string name, out object? value) => User.TryGetValue(name, out value);

    public bool TryGetSystem(string name, out object? value) => System.TryGetValue(name, out value);

    public void SetUser(string name, object? value) => User[name] = value;

    public void RemoveUser(string name) => User.Remove(name);

    public void SetSystem(string name, object? value)
    {
        if (!System.ContainsKey(name))
        {
            throw new RuleEvaluationException($"sys.{name}: messages have no such property");
        }

        System[name] = value;
    }
}
