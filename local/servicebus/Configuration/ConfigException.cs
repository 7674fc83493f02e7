// A configuration file says something that cannot be.
namespace ServerlessEventing.Local.ServiceBus.Configuration;

/// <summary>The message says what is wrong, the line where.</summary>
internal sealed class ConfigException(int line, string message) : Exception(message)
{
    public int Line { get; } = line;
}
