// Settings of a client.
using System.Net.Security;

namespace ServerlessEventing.ServiceBus;

/// <summary>Options of a <see cref="ServiceBusClient"/>.</summary>
public sealed class ServiceBusClientOptions
{
    /// <summary>Names this client in the service's diagnostics; made up when not set.</summary>
    public string? Identifier { get; set; }

    /// <summary>How transient failures are tried again.</summary>
    public ServiceBusRetryOptions RetryOptions { get; set; } = new();

    /// <summary>
    /// Decides on the service's certificate; what the operating system trusts when not set. For an emulator with a
    /// certificate of its own.
    /// </summary>
    public RemoteCertificateValidationCallback? CertificateValidationCallback { get; set; }

    /// <summary>The clock; replaced by tests.</summary>
    internal TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
