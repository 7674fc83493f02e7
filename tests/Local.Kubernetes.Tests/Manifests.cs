// Manifests that several tests use.
using ServerlessEventing.Testing;
using YamlDotNet.Serialization;

namespace ServerlessEventing.Local.Kubernetes.Tests;

/// <summary>A CRD of nobody's, with everything a CRD can have, and an object of it.</summary>
internal static class Manifests
{
    public const string WidgetsPath = "/apis/example.org/v1";

    public const string WidgetCrd = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.org}
        spec:
          group: example.org
          scope: Namespaced
          names: {plural: widgets, kind: Widget, shortNames: [wd], categories: [all, toys]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}
            additionalPrinterColumns:
            - {name: Colour, type: string, jsonPath: .spec.colour}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            - {name: Class, type: string, priority: 1, jsonPath: '.metadata.annotations.example\.org/class'}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            schema:
              openAPIV3Schema:
                type: object
                description: A widget is a thing to test with.
                required: [spec]
                properties:
                  spec:
                    type: object
                    required: [size]
                    properties:
                      size: {type: integer, minimum: 0, maximum: 9, description: How large it is.}
                      colour: {type: string, enum: [red, blue], default: red}
                      code: {type: string, pattern: '^[a-z]+$', maxLength: 5}
                      port: {x-kubernetes-int-or-string: true}
                      free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                      parts:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [name]
                        items:
                          type: object
                          required: [name]
                          properties: {name: {type: string}, count: {type: integer}}
                  status: {type: object, x-kubernetes-preserve-unknown-fields: true}
          - name: v1alpha1
            served: true
            storage: false
            schema:
              openAPIV3Schema:
                type: object
                x-kubernetes-preserve-unknown-fields: true
        """;

    public const string Widget = """
        apiVersion: example.org/v1
        kind: Widget
        metadata: {name: w1, labels: {team: a}, annotations: {example.org/class: best}}
        spec: {size: 3}
        """;

    public const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: main, image: 'web:1', env: [{name: A, value: b}], ports: [{containerPort: 80}]}]}
        """;

    public static string ToJson(string yaml)
    {
        var reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        return new SerializerBuilder().JsonCompatible().Build().Serialize(reader.Deserialize(new StringReader(yaml)));
    }

    public static Task AddWidgetsAsync(RunningApi api) => AddCrdAsync(api, WidgetCrd, $"{WidgetsPath}/widgets");

    /// <summary>Adds a CRD unless it is there, and waits until its objects are served.</summary>
    public static async Task AddCrdAsync(RunningApi api, string crd, string objects)
    {
        var (code, body) = await api.SendAsync(HttpMethod.Post,
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", ToJson(crd));
        Assert.True(code is 201 or 409, $"{body}");
        await Eventually.True(
            async () => (await api.SendAsync(HttpMethod.Get, objects)).Code == 200, $"{objects} is served");
    }

    public static string WidgetJson(string name, string spec) =>
        $$$"""{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""";
}
