// Keeps log lines so that tests can look for them.
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

/// <summary>A logger factory that remembers.</summary>
internal sealed class CollectedLogs : ILoggerFactory
{
    private readonly ConcurrentQueue<string> lines = new();

    public bool Has(string part) => lines.Any(line => line.Contains(part, StringComparison.Ordinal));

    public override string ToString() => string.Join('\n', lines);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => new Collector(categoryName, lines);

    public void Dispose()
    {
    }

    private sealed class Collector(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)}");
    }
}
