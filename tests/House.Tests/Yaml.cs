// Manifests the tests apply.
namespace ServerlessEventing.House.Tests;

/// <summary>Small manifests as text.</summary>
internal static class Yaml
{
    public const string Broker = """
        apiVersion: eventing.knative.dev/v1
        kind: Broker
        metadata:
          name: default
          namespace: default
        """;

    /// <summary>A Trigger of Broker default; filters and delivery are JSON.</summary>
    public static string Trigger(string name, Uri subscriber, string filters = "[]", string delivery = "{}") => $$"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata:
          name: {{name}}
          namespace: default
        spec:
          broker: default
          filters: {{filters}}
          delivery: {{delivery}}
          subscriber:
            uri: {{subscriber}}
        """;
}
