// The one rule of a bus subscription: which messages get in.
namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>
/// A rule's filter in one of three forms: neither set matches everything, <see cref="Equal"/> is a correlation
/// filter, <see cref="Sql"/> a SQL filter. Records compare ordinally, where the SDK's filters ignore case.
/// </summary>
public sealed record BusRule
{
    public static readonly BusRule Everything = new();

    /// <summary>Lets nothing in: for a bus subscription that only still has to be emptied.</summary>
    public static readonly BusRule Nothing = new() { Sql = "1=0" };

    /// <summary>Application properties and the values they must equal, sorted by name; or null.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Equal { get; init; }

    /// <summary>Value <c>sys.ContentType</c> must equal beside <see cref="Equal"/>; or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>SQL filter text, or null.</summary>
    public string? Sql { get; init; }

    /// <summary>The rule's filter in one line; equal text means equal filter.</summary>
    public override string ToString() =>
        Sql is not null ? "sql:" + Sql
        : Equal is null ? "true"
        : "correlation:" + string.Join('\u001f', Equal.Select(pair => $"{pair.Key}={pair.Value}"))
            + (ContentType is null ? "" : $"\u001fsys.ContentType={ContentType}");
}
