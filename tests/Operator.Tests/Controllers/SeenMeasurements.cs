// What a queue measured, by the instruments' names.
using System.Diagnostics.Metrics;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator.Tests.Controllers;

/// <summary>Listens to the operator's meters, for measurements that bear one name.</summary>
internal sealed class SeenMeasurements : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<double>> _seen = [];
    private readonly MeterListener _listener = new();

    public SeenMeasurements(string name)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == OperatorMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            Note(instrument, value, tags, name));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            Note(instrument, value, tags, name));
        _listener.Start();
    }

    public IReadOnlyList<double> this[string instrument]
    {
        get
        {
            lock (_gate)
            {
                return [.. _seen.GetValueOrDefault(instrument) ?? []];
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Note(
        Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var tag in tags)
        {
            if (tag.Value is string text && text == name)
            {
                lock (_gate)
                {
                    if (!_seen.TryGetValue(instrument.Name, out var values))
                    {
                        _seen[instrument.Name] = values = [];
                    }

                    values.Add(value);
                }
            }
        }
    }
}
