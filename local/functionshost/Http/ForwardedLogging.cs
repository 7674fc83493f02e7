// Lets the web server inside the host log through the caller's loggers.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.FunctionsHost.Http;

/// <summary>A provider in front of a logger factory that belongs to somebody else.</summary>
internal sealed class ForwardedLogging(ILoggerFactory loggers) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => loggers.CreateLogger(categoryName);

    public void Dispose()
    {
        // The factory is the caller's.
    }
}
