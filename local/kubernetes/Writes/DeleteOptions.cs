// The body and parameters of a delete.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>What becomes of an object's dependents, and what must hold for the delete to go ahead.</summary>
public sealed record DeleteOptions
{
    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string OrphanFinalizer = "orphan";
    public const string CrdFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    /// <summary>Background, Foreground or Orphan.</summary>
    public string Propagation { get; init; } = "Background";

    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public bool DryRun { get; init; }

    public static Result<DeleteOptions> Read(JsonObject? body, string propagationParameter, bool dryRun)
    {
        body ??= [];
        var propagation = body.Text("propagationPolicy") is { Length: > 0 } given ? given : propagationParameter;
        if (body["orphanDependents"].AsBool() is { } orphan)
        {
            propagation = orphan ? "Orphan" : "Background";
        }

        if (propagation is not ("" or "Background" or "Foreground" or "Orphan"))
        {
            return ApiStatus.Invalid("meta.k8s.io", "DeleteOptions", "",
                [new("FieldValueNotSupported", $"Unsupported value: \"{propagation}\": supported values: "
                    + "\"Foreground\", \"Background\", \"Orphan\", \"nil\"", "propagationPolicy")]);
        }

        return new DeleteOptions
        {
            Propagation = propagation.Length == 0 ? "Background" : propagation,
            Uid = body.TextAt("preconditions", "uid"),
            ResourceVersion = body.TextAt("preconditions", "resourceVersion"),
            DryRun = dryRun || ObjectFields.Texts(body["dryRun"]).Contains("All"),
        };
    }
}
