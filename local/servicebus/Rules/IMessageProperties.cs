// What a rule may read of a message: its properties, never its body.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>The properties of one message.</summary>
public interface IMessageProperties
{
    /// <summary>An application property, by name without regard to case. False when there is none.</summary>
    bool TryGetUser(string name, out object? value);

    /// <summary>
    /// A property of the message itself. Names that <see cref="SystemProperty"/> knows arrive in its spelling. False
    /// when no such property exists; one that exists and is not set gives true and null.
    /// </summary>
    bool TryGetSystem(string name, out object? value);
}
