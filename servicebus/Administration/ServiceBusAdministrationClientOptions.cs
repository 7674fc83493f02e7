// Settings of an administration client.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Options of a <see cref="ServiceBusAdministrationClient"/>.</summary>
public sealed class ServiceBusAdministrationClientOptions
{
    /// <summary>How transient failures are tried again.</summary>
    public ServiceBusRetryOptions RetryOptions { get; set; } = new();

    /// <summary>The clock; replaced by tests.</summary>
    internal TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
