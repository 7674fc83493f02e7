// Whatever is sent: an answer below 500, and the server goes on.
using System.Net.Http.Headers;
using System.Text;
using ServerlessEventing.Local.Kubernetes.Api;

namespace ServerlessEventing.Local.Kubernetes.Tests.Units;

public sealed class FuzzTests(RunningApi api) : IClassFixture<RunningApi>
{
    private static readonly string[] Scraps =
    [
        "{}", "[]", "null", "7", "\"a\"", "{\"metadata\":7}", "{\"metadata\":{\"name\":7}}", "{\"kind\":[]}",
        "{\"metadata\":{\"name\":\"w\",\"labels\":7}}", "{\"metadata\":{\"name\":\"w\",\"labels\":{\"a\":7}}}",
        "{\"apiVersion\":\"example.org/v1\",\"kind\":\"Widget\",\"metadata\":{\"name\":\"w\"},\"spec\":[]}",
        "{\"apiVersion\":\"example.org/v1\",\"kind\":\"Widget\",\"metadata\":{\"name\":\"w\"},\"spec\":{\"parts\":{}}}",
        "{\"apiVersion\":\"example.org/v1\",\"kind\":\"Widget\",\"metadata\":{\"name\":\"w\",\"finalizers\":{}}}",
        "{\"metadata\":{\"name\":\"w\",\"ownerReferences\":[7,{\"uid\":7}]}}",
        "{\"metadata\":{\"managedFields\":[{}]}}",
        "{\"apiVersion\":\"example.org/v1\",\"kind\":\"Widget\",\"metadata\":{\"name\":\"w\"},\"spec\":{\"size\":1e9}}",
        "[{\"op\":\"add\",\"path\":\"/metadata\",\"value\":7}]", "[{\"op\":\"remove\",\"path\":\"/metadata/name\"}]",
        "[{\"op\":\"replace\",\"path\":\"/spec\",\"value\":null}]", "{\"spec\":null}", "{\"metadata\":null}", "{", "",
        "{\"metadata\":{\"name\":\"w\",\"name\":\"x\"}}", "{\"status\":{\"conditions\":7}}",
        "{\"spec\":{\"replicas\":\"x\"}}",
        "{\"metadata\":{\"name\":\"w\",\"annotations\":[]}}",
        "{\"spec\":{\"template\":7,\"selector\":[],\"ports\":{}}}",
    ];

    private static readonly string[] Types =
    [
        "application/json", "application/merge-patch+json", "application/json-patch+json", "text/html",
        "application/strategic-merge-patch+json", "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf",
    ];

    private static readonly string[] Queries =
    [
        "", "?fieldManager=f", "?fieldManager=f&force=true", "?dryRun=All", "?fieldValidation=Strict", "?limit=x",
        "?labelSelector=(((", "?fieldSelector=a", "?continue=%00", "?resourceVersion=-1&watch=true&timeoutSeconds=1",
        "?watch=true&resourceVersion=x", "?watch=true&timeoutSeconds=1&sendInitialEvents=true", "?dryRun=Some",
        "?propagationPolicy=Sideways", "?resourceVersionMatch=Exact&resourceVersion=1",
    ];

    [Fact]
    public async Task RandomRequests_NeverAnswer500()
    {
        await Manifests.AddWidgetsAsync(api);
        var ns = await api.NamespaceAsync();
        string[] paths =
        [
            $"{Manifests.WidgetsPath}/namespaces/{ns}/widgets", $"{Manifests.WidgetsPath}/namespaces/{ns}/widgets/w",
            $"{Manifests.WidgetsPath}/namespaces/{ns}/widgets/w/status", $"/apis/apps/v1/namespaces/{ns}/deployments/w",
            $"{Manifests.WidgetsPath}/namespaces/{ns}/widgets/w/scale", $"/api/v1/namespaces/{ns}/configmaps",
            $"/api/v1/namespaces/{ns}/services/w", $"/api/v1/namespaces/{ns}/secrets",
            $"/api/v1/namespaces/{ns}/status",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", $"/apis/apps/v1/namespaces/{ns}/deployments",
            $"/api/v1/namespaces/{ns}/services",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/api/v1/%00",
            $"/apis/events.k8s.io/v1/namespaces/{ns}/events", "/openapi/v3/x",
            "/apis/a/b/c/d/e/f/g", "/api/v1/namespaces//",
        ];
        var random = new Random(20260101);
        HttpMethod[] methods = [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete];
        for (var i = 0; i < 1_500; i++)
        {
            if (i % 20 == 0)
            {
                await api.SendAsync(HttpMethod.Post, paths[0], Manifests.WidgetJson("w", """{"size":1}"""));
            }

            var method = methods[random.Next(methods.Length)];
            var path = paths[random.Next(paths.Length)] + Queries[random.Next(Queries.Length)];
            var body = Scraps[random.Next(Scraps.Length)];
            var type = Types[random.Next(Types.Length)];
            using var request = new HttpRequestMessage(method, path)
            {
                Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            using var response = await api.Http.SendAsync(request);
            var code = (int)response.StatusCode;
            Assert.True(code is < 500 or 504, $"{method} {path} {type} {body} answered {code}");
        }

        Assert.Equal("ok", await api.Http.GetStringAsync("/readyz"));
    }

    [Fact]
    public void RandomProtobuf_IsRefusedNotFatal()
    {
        var random = new Random(20260102);
        byte[] head = [.. "k8s\0"u8, 10, 17, 10, 2, (byte)'v', (byte)'1', 18, 9, .. "ConfigMap"u8, 18];
        for (var i = 0; i < 20_000; i++)
        {
            var tail = new byte[random.Next(0, 60)];
            random.NextBytes(tail);
            byte[] body = [.. head, (byte)tail.Length, .. tail];
            var result = ProtobufBody.Decode(random.Next(4) == 0 ? tail : body);
            Assert.True(result.Failure is null or { Code: 400 or 415 });
        }
    }
}
