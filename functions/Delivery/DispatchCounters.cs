// Counts how messages ended, for metrics and for tests.
using System.Diagnostics.Metrics;

namespace ServerlessEventing.Functions.Delivery;

internal sealed class DispatchCounters(IMeterFactory meters)
{
    public const string MeterName = "ServerlessEventing.Functions";

    private readonly Counter<long> dispatched = meters.Create(MeterName)
        .CreateCounter<long>("eventing.dispatched", "{message}", "Messages settled, by how they ended");

    public void Count(string ending) => dispatched.Add(1, new KeyValuePair<string, object?>("ending", ending));
}
