// Where objects of one kind live in the Kubernetes API.
namespace ServerlessEventing.Cli.Kubernetes;

/// <summary>The URL pieces of one kind.</summary>
internal sealed record ResourceType(string RootPath, string Plural, bool Namespaced)
{
    /// <summary>Path of an apiVersion: <c>/api/v1</c> or <c>/apis/group/version</c>.</summary>
    public static string Root(string apiVersion) =>
        apiVersion.Contains('/') ? $"/apis/{apiVersion}" : $"/api/{apiVersion}";

    /// <summary>Path of all objects in a namespace (<c>default</c> when none is given).</summary>
    public string Collection(string? @namespace) => Namespaced
        ? $"{RootPath}/namespaces/{@namespace ?? "default"}/{Plural}"
        : $"{RootPath}/{Plural}";
}
