// What a rule's action may change of the copy that it is run on.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>The properties of one message, and the means to change them.</summary>
public interface IMutableMessageProperties : IMessageProperties
{
    /// <summary>Creates or replaces an application property.</summary>
    void SetUser(string name, object? value);

    /// <summary>Takes an application property away; no harm when there is none.</summary>
    void RemoveUser(string name);

    /// <summary>
    /// Sets a property of the message itself. Throws <see cref="RuleEvaluationException"/> when there is none so named,
    /// when it cannot be set, or when the value is of another type.
    /// </summary>
    void SetSystem(string name, object? value);
}
