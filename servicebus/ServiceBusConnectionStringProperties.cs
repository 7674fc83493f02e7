// Reads a connection string and says what is wrong with it.
namespace ServerlessEventing.ServiceBus;

/// <summary>The parts of a Service Bus connection string.</summary>
public sealed record ServiceBusConnectionStringProperties
{
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

    /// <summary>The port that AMQP is spoken on.</summary>
    internal int AmqpPort => (UseDevelopmentEmulator, Endpoint.Port) switch
    {
        (true, > 0) => Endpoint.Port,
        (true, _) => DefaultPlainPort,
        _ => DefaultTlsPort,
    };

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
        var parts = Split(connectionString);
        var endpoint = ReadEndpoint(parts.GetValueOrDefault("endpoint"));
        var keyName = parts.GetValueOrDefault("sharedaccesskeyname");
        var key = parts.GetValueOrDefault("sharedaccesskey");
        var signature = parts.GetValueOrDefault("sharedaccesssignature");
        if (signature is null && (keyName is null || key is null))
        {
            throw new FormatException("The connection string needs SharedAccessKeyName and SharedAccessKey, "
                + "or SharedAccessSignature.");
        }

        return new()
        {
            Endpoint = endpoint,
            EntityPath = parts.GetValueOrDefault("entitypath"),
            SharedAccessKeyName = keyName,
            SharedAccessKey = key,
            SharedAccessSignature = signature,
            UseDevelopmentEmulator = ReadFlag(parts.GetValueOrDefault("usedevelopmentemulator")),
        };
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

    private static bool ReadFlag(string? text) => text switch
    {
        null => false,
        _ when bool.TryParse(text, out var value) => value,
        _ => throw new FormatException("UseDevelopmentEmulator in the connection string must be true or false."),
    };
}
