// One column of `kubectl get`.
namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>A column; custom resources find its value by JSONPath.</summary>
public sealed record PrinterColumn(string Name, string Type = "string")
{
    public string Format { get; init; } = "";

    public string Description { get; init; } = "";

    public long Priority { get; init; }

    public string JsonPath { get; init; } = "";
}
