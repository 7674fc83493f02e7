// Where a connection goes and what it needs to get there.
using System.Net.Security;
using ServerlessEventing.ServiceBus.Authorization;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>The broker's address, our credential and the patience for one step.</summary>
internal sealed record Endpoint
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    public required bool UseTls { get; init; }

    /// <summary>Null leaves the certificate to the operating system.</summary>
    public RemoteCertificateValidationCallback? CertificateValidation { get; init; }

    public required string ContainerId { get; init; }

    public required ServiceBusCredential Credential { get; init; }

    public required TimeSpan Timeout { get; init; }

    public required TimeProvider TimeProvider { get; init; }
}
