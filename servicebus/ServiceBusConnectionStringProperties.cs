// Reads a connection string and says what is wrong with it.
using ServerlessEventing.ServiceBus.Authorization;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// The parts of a Service Bus connection string. Without a key it means a Microsoft Entra identity:
/// <c>Endpoint=sb://mine.servicebus.windows.net;Authentication=Default</c> (whatever Azure.Identity finds), the same
/// with <c>Authentication=Managed Identity</c>, either with <c>ClientId</c> and <c>TenantId</c> where needed, or the
/// bare host name <c>mine.servicebus.windows.net</c>.
/// </summary>
public sealed record ServiceBusConnectionStringProperties
{
    internal const string DefaultIdentity = "Default";
    internal const string ManagedIdentity = "Managed Identity";

    private const int DefaultPlainPort = 5672;
    private const int DefaultTlsPort = 5671;
    private const int DefaultEmulatorManagementPort = 5300;

    /// <summary>The endpoint as written, with scheme <c>sb</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The host of the namespace, as <c>mine.servicebus.windows.net</c>.</summary>
    public string FullyQualifiedNamespace => Endpoint.Host;

    /// <summary>The one entity this string gives access to, if any.</summary>
    public string? EntityPath { get; init; }

    /// <summary>The name of the access key.</summary>
    public string? SharedAccessKeyName { get; init; }

    /// <summary>The access key.</summary>
    public string? SharedAccessKey { get; init; }

    /// <summary>A ready-made token instead of a key.</summary>
    public string? SharedAccessSignature { get; init; }

    /// <summary>Whether an emulator without TLS is meant.</summary>
    public bool UseDevelopmentEmulator { get; init; }

    /// <summary>Whether a Microsoft Entra identity is used instead of a key.</summary>
    public bool UsesIdentity => Identity is not null;

    internal EntraIdentity? Identity { get; init; }

    /// <summary>The port that AMQP is spoken on.</summary>
    internal int AmqpPort => Endpoint.Port > 0 ? Endpoint.Port
        : UseDevelopmentEmulator ? DefaultPlainPort : DefaultTlsPort;

    /// <summary>Where management requests go.</summary>
    internal Uri ManagementEndpoint => UseDevelopmentEmulator
        ? new UriBuilder(
            "http",
            Endpoint.Host,
            Endpoint.Port is > 0 and not DefaultPlainPort ? Endpoint.Port : DefaultEmulatorManagementPort).Uri
        : new UriBuilder("https", Endpoint.Host, Endpoint.Port > 0 ? Endpoint.Port : 443).Uri;

    /// <summary>Reads a connection string; the exception names the part that is wrong, never the key.</summary>
    public static ServiceBusConnectionStringProperties Parse(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        if (!connectionString.Contains('=', StringComparison.Ordinal))
        {
            return ForHost(connectionString) with { Identity = new(ManagedOnly: false, null, null) };
        }

        var parts = Split(connectionString);
        var endpoint = ReadEndpoint(parts.GetValueOrDefault("endpoint"));
        var keyName = parts.GetValueOrDefault("sharedaccesskeyname");
        var key = parts.GetValueOrDefault("sharedaccesskey");
        var signature = parts.GetValueOrDefault("sharedaccesssignature");
        var identity = ReadIdentity(parts);
        if (identity is null && signature is null && (keyName is null || key is null))
        {
            throw new FormatException("The connection string needs SharedAccessKeyName and SharedAccessKey, "
                + "or SharedAccessSignature, or Authentication=Managed Identity.");
        }

        return new()
        {
            Endpoint = endpoint,
            EntityPath = parts.GetValueOrDefault("entitypath"),
            SharedAccessKeyName = keyName,
            SharedAccessKey = key,
            SharedAccessSignature = signature,
            Identity = identity,
            UseDevelopmentEmulator = ReadFlag(parts.GetValueOrDefault("usedevelopmentemulator")),
        };
    }

    /// <summary>A namespace by its host name.</summary>
    internal static ServiceBusConnectionStringProperties ForHost(string fullyQualifiedNamespace)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(fullyQualifiedNamespace);
        return fullyQualifiedNamespace.Contains('=', StringComparison.Ordinal)
            ? throw new ArgumentException(
                "A host name such as mine.servicebus.windows.net is expected, not a connection string.")
            : new() { Endpoint = ReadEndpoint(fullyQualifiedNamespace) };
    }

    /// <summary>The parts without the secrets.</summary>
    public override string ToString() =>
        $"Endpoint={Endpoint}{(UseDevelopmentEmulator ? ";UseDevelopmentEmulator=true" : "")}";

    private static Dictionary<string, string> Split(string connectionString)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in connectionString.Split(
            ';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new FormatException("Each part of the connection string is written Name=Value, "
                    + "separated by semicolons; one part has no name.");
            }

            if (!parts.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
            {
                throw new FormatException($"The connection string names {part[..equals]} twice.");
            }
        }

        return parts;
    }

    private static Uri ReadEndpoint(string? text)
    {
        if (text is null)
        {
            throw new FormatException("The connection string needs Endpoint=sb://<host>.");
        }

        var separator = text.IndexOf("://", StringComparison.Ordinal);
        var address = "sb://" + (separator < 0 ? text : text[(separator + 3)..]);
        return Uri.TryCreate(address, UriKind.Absolute, out var endpoint) && endpoint.Host.Length > 0
            ? endpoint
            : throw new FormatException($"Endpoint '{text}' in the connection string is not sb://<host>[:port].");
    }

    private static EntraIdentity? ReadIdentity(Dictionary<string, string> parts)
    {
        if (!parts.TryGetValue("authentication", out var authentication))
        {
            return null;
        }

        if (parts.ContainsKey("sharedaccesskey") || parts.ContainsKey("sharedaccesssignature"))
        {
            throw new FormatException("The connection string has both Authentication and a key; it must be one.");
        }

        var kind = authentication.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        return kind is "DEFAULT" or "MANAGEDIDENTITY"
            ? new(kind != "DEFAULT", parts.GetValueOrDefault("clientid"), parts.GetValueOrDefault("tenantid"))
            : throw new FormatException(
                $"Authentication in the connection string must be '{ManagedIdentity}' or '{DefaultIdentity}'.");
    }

    private static bool ReadFlag(string? text) => text switch
    {
        null => false,
        _ when bool.TryParse(text, out var value) => value,
        _ => throw new FormatException("UseDevelopmentEmulator in the connection string must be true or false."),
    };
}
