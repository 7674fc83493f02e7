// Finds the connection among an application's settings: a connection string, or a namespace and an identity.
namespace ServerlessEventing.ServiceBus;

/// <summary>The settings <c>ServiceBusConnection…</c>, as Azure Functions' Service Bus extension reads them.</summary>
public static class ServiceBusConnectionSetting
{
    /// <summary>The setting's name, and the prefix of the others.</summary>
    public const string Name = "ServiceBusConnection";

    /// <summary>The setting that names a namespace to be used with a Microsoft Entra identity.</summary>
    public const string NamespaceName = Name + "__fullyQualifiedNamespace";

    /// <summary>What is to be given, for those who find it missing.</summary>
    public const string Expected =
        $"give a Service Bus connection string in {Name}, or the namespace's host name in {NamespaceName}";

    /// <summary>A connection from the process's environment; null when there is none.</summary>
    public static string? FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>A connection from settings; null when there is none.</summary>
    public static string? From(Func<string, string?> setting) => From(Name, setting);

    /// <summary>
    /// A connection from settings that begin with another name; null when there is none. A connection string wins over
    /// a namespace; a namespace becomes a connection string without a key, with <c>__credential</c>
    /// (<c>managedidentity</c>), <c>__clientId</c> and <c>__tenantId</c>.
    /// </summary>
    public static string? From(string prefix, Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        if (Read(prefix) is { } connectionString)
        {
            return connectionString;
        }

        if (Read($"{prefix}__fullyQualifiedNamespace") is not { } host)
        {
            return null;
        }

        var credential = Read($"{prefix}__credential") ?? ServiceBusConnectionStringProperties.DefaultIdentity;
        return $"Endpoint=sb://{host};Authentication={credential}"
            + Part("ClientId", Read($"{prefix}__clientId")) + Part("TenantId", Read($"{prefix}__tenantId"));

        string? Read(string name) => setting(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;

        static string Part(string name, string? value) => value is null ? "" : $";{name}={value}";
    }
}
