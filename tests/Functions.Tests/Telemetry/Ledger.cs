// Writes down every measurement of one set of services: the instrument's name, then its labels.
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using ServerlessEventing.Functions.Telemetry;

namespace ServerlessEventing.Functions.Tests.Telemetry;

internal sealed class Ledger : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly List<(string Text, double Value)> measured = [];

    public Ledger(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == EventMetrics.MeterName && instrument.Meter.Scope == factory)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();
    }

    public IEnumerable<string> Measurements => measured.Select(m => m.Text);

    public double Sum(string instrument, string ending) => measured
        .Where(m => m.Text.StartsWith(instrument + " ", StringComparison.Ordinal)
            && m.Text.EndsWith(ending, StringComparison.Ordinal))
        .Sum(m => m.Value);

    public void Dispose() => listener.Dispose();

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = instrument.Name;
        foreach (var (name, label) in tags)
        {
            text += $" {name}={label}";
        }

        measured.Add((text, value));
    }
}
