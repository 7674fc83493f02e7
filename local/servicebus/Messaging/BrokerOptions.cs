// What a broker is opened with besides its folder.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Surroundings of a broker.</summary>
internal sealed record BrokerOptions(ILoggerFactory LoggerFactory, TimeProvider TimeProvider)
{
    public AzureQuirks? Quirks { get; init; }

    /// <summary>Tests only: as if a flush were forgotten, so that the power cut test can be seen to fail.</summary>
    public bool SkipFlush { get; init; }
}
