// How a write is to be done: by whom, how strictly, and whether at all.
namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>What happens to fields the schema does not know.</summary>
public enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

/// <summary>The query parameters every write shares.</summary>
public sealed record WriteOptions
{
    public string FieldManager { get; init; } = "unknown";

    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;

    public bool DryRun { get; init; }

    /// <summary>Server-side apply takes over fields that others own.</summary>
    public bool Force { get; init; }

    /// <summary>Set within server-side apply, which notes the owners itself.</summary>
    internal bool Applied { get; init; }

    /// <summary>status, scale or empty.</summary>
    public string Subresource { get; init; } = "";
}
