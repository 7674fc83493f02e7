// What a functions host is started with.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ServerlessEventing.Local.FunctionsHost;

/// <summary>The options of <see cref="FunctionsHost.StartAsync"/>.</summary>
public sealed record FunctionsHostOptions
{
    /// <summary>The folder that holds <c>host.json</c> and one folder a function.</summary>
    public required string AppRoot { get; init; }

    /// <summary>The loopback port to listen on; 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>
    /// Started instead of host.json's defaultExecutablePath, with <see cref="HandlerArguments"/> only.
    /// </summary>
    public string? HandlerExecutable { get; init; }

    public IReadOnlyList<string>? HandlerArguments { get; init; }

    /// <summary>App settings: given to the handler, used for %NAME% and for connections.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Where timers remember when they ran; null for a folder of the app's own under the temp folder.
    /// </summary>
    public string? DataFolder { get; init; }

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
