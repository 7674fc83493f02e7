// One entity definition (queue, topic, bus subscription or rule), as the store keeps it.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>A row of the entities table; the definition is JSON.</summary>
internal sealed record EntityRow(string Path, long Id, string Kind, string Definition);
