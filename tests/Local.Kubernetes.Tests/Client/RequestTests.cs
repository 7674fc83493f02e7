// Answers on the wire, as a real API server gives them.
using System.Text.Json.Nodes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class RequestTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Fact]
    public async Task List_LimitAndContinue_PagesThroughAll()
    {
        var path = await ConfigMapsAsync();
        for (var i = 0; i < 5; i++)
        {
            await api.SendAsync(HttpMethod.Post, path, $$$"""{"metadata":{"name":"c{{{i}}}"}}""");
        }

        var names = new List<string>();
        var token = "";
        do
        {
            var page = (await api.SendAsync(HttpMethod.Get, $"{path}?limit=2&continue={token}")).Body;
            names.AddRange(page["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>()));
            token = Uri.EscapeDataString(page["metadata"]!["continue"]?.GetValue<string>() ?? "");
        }
        while (token.Length > 0);

        Assert.Equal(["c0", "c1", "c2", "c3", "c4"], names);
    }

    [Theory]
    [InlineData("team in (a,b)", "one two")]
    [InlineData("team notin (a)", "two three")]
    [InlineData("team!=a", "two three")]
    [InlineData("team", "one two")]
    [InlineData("!team", "three")]
    [InlineData("team==a", "one")]
    public async Task List_LabelSelector_Selects(string selector, string expected)
    {
        var path = await ConfigMapsAsync();
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"one","labels":{"team":"a"}}}""");
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"two","labels":{"team":"b"}}}""");
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"three"}}""");
        var list = (await api.SendAsync(HttpMethod.Get, $"{path}?labelSelector={Uri.EscapeDataString(selector)}")).Body;
        Assert.Equal(expected.Split(' ').Order(),
            list["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>()).Order());
    }

    [Fact]
    public async Task Create_GenerateName_AddsFiveCharacters()
    {
        var path = await ConfigMapsAsync();
        var (code, body) = await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"generateName":"c-"}}""");
        Assert.Equal(201, code);
        Assert.Matches("^c-[a-z0-9]{5}$", body["metadata"]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task DryRun_AnswersButKeepsNothing()
    {
        var path = await ConfigMapsAsync();
        Assert.Equal(201, (await api.SendAsync(
            HttpMethod.Post, $"{path}?dryRun=All", """{"metadata":{"name":"c"}}""")).Code);
        Assert.Equal(404, (await api.SendAsync(HttpMethod.Get, $"{path}/c")).Code);
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"c"}}""");
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Delete, $"{path}/c?dryRun=All")).Code);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, $"{path}/c")).Code);
    }

    [Fact]
    public async Task CustomObject_Wrong_AnswersAsARealServer()
    {
        await Manifests.AddWidgetsAsync(api);
        var path = $"{Manifests.WidgetsPath}/namespaces/{await api.NamespaceAsync()}/widgets";
        var good = Manifests.WidgetJson("w", """{"size":1}""");
        await api.SendAsync(HttpMethod.Post, path, good);
        // Servers of 1.36 and later write 0.
        Assert.Matches("metadata.resourceVersion: Invalid value: (0x)?0: must be specified for an update$",
            $"{(await api.SendAsync(HttpMethod.Put, $"{path}/w", good)).Body["message"]}");
        await ExpectAsync(HttpMethod.Post, path, """{"metadata":{"name":"x"}}""", 400, "BadRequest",
            "Object 'Kind' is missing");
        await ExpectAsync(HttpMethod.Post, path, good, 409, "AlreadyExists",
            "widgets.example.org \"w\" already exists");
        await ExpectAsync(HttpMethod.Patch, $"{path}/w?fieldValidation=Strict", "{}", 415, "UnsupportedMediaType",
            "unknown format", "application/strategic-merge-patch+json");
        await ExpectAsync(HttpMethod.Patch, $"{path}/w", good, 422, "Invalid", "is required for apply patch",
            "application/apply-patch+yaml");
        await ExpectAsync(HttpMethod.Post, path, "{", 400, "BadRequest", "json parse error: ");
        await ExpectAsync(HttpMethod.Delete, $"{path}/w", """{"preconditions":{"uid":"other"}}""", 409, "Conflict",
            "the UID in the precondition (other) does not match ");
        Assert.Equal("404 page not found\n",
            (await api.SendAsync(HttpMethod.Get, "/apis/nosuch/v1/things")).Body["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task Warn_UnknownField_IsDroppedWithAWarning()
    {
        api.SkipBefore(25, "fieldValidation");
        await Manifests.AddWidgetsAsync(api);
        var path = $"{Manifests.WidgetsPath}/namespaces/{await api.NamespaceAsync()}/widgets";
        using var content = new StringContent(Manifests.WidgetJson("w", """{"size":1,"nosuch":1,"free":{"kept":1}}"""));
        content.Headers.ContentType = new("application/json");
        using var response = await api.Http.PostAsync(path, content);
        Assert.Contains("unknown field \\\"spec.nosuch\\\"", response.Headers.GetValues("Warning").Single());
        var body = (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"size":1,"free":{"kept":1},"colour":"red"}"""), body["spec"]), $"{body["spec"]}");
    }

    [Fact]
    public async Task TooLargeBody_Is413()
    {
        var path = await ConfigMapsAsync();
        var big = $$$$"""{"metadata":{"name":"c"},"data":{"a":"{{{{new string('x', 4 << 20)}}}}"}}""";
        var (code, body) = await api.SendAsync(HttpMethod.Post, path, big);
        Assert.Equal(413, code);
        Assert.Equal("RequestEntityTooLarge", body["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Service_ReplacedWithoutItsAddress_KeepsIt()
    {
        api.SkipBefore(22, "keeping the address of a Service");
        var path = $"/api/v1/namespaces/{await api.NamespaceAsync()}/services";
        const string service = """{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}}""";
        var made = (await api.SendAsync(HttpMethod.Post, path, service)).Body;
        var replaced = (await api.SendAsync(HttpMethod.Put, $"{path}/s", service)).Body;
        Assert.Equal(made["spec"]!.ToJsonString(), replaced["spec"]!.ToJsonString());
        Assert.Equal(422, (await api.SendAsync(HttpMethod.Post, path,
            """{"metadata":{"name":"t"},"spec":{"ports":{"port":80}}}""")).Code);
    }

    [Theory]
    [InlineData("name: v1alpha1", "name: v1", "must contain unique version names")]
    [InlineData("storage: true", "storage: false", "exactly one version marked as storage version")]
    [InlineData("'^[a-z]+$'", "'['", "must be a valid regular expression")]
    [InlineData("scope: Namespaced", "scope: Both", "Unsupported value: \"Both\"")]
    [InlineData("group: example.org", "group: apps", "should be a domain with at least one dot")]
    public async Task Crd_Wrong_IsRefusedAndNothingBreaks(string right, string wrong, string expected)
    {
        var crd = Manifests.ToJson(Manifests.WidgetCrd.Replace("widgets", "broken", StringComparison.Ordinal)
            .Replace(right, wrong, StringComparison.Ordinal));
        await ExpectAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd, 422,
            "Invalid", expected);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, "/apis")).Code);
    }

    [Fact]
    public async Task Crd_InAGroupOfTheServersOwnKinds_IsRefused()
    {
        RunningApi.SkipOnCluster("a real server asks for the approval of such groups");
        var crd = Manifests.ToJson(
            Manifests.WidgetCrd.Replace("example.org", "events.k8s.io", StringComparison.Ordinal));
        await ExpectAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd, 422,
            "Invalid", "belongs to the server's own kinds");
    }

    [Fact]
    public async Task DeleteCollection_TakesWhatIsSelected()
    {
        var path = await ConfigMapsAsync();
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"one","labels":{"team":"a"}}}""");
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"two"}}""");
        await api.SendAsync(HttpMethod.Delete, $"{path}?labelSelector=team%3Da");
        Assert.Equal(404, (await api.SendAsync(HttpMethod.Get, $"{path}/one")).Code);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Get, $"{path}/two")).Code);
    }

    [Fact]
    public async Task CrdDeletion_TakesItsObjectsAndItsPaths()
    {
        var crd = Manifests.WidgetCrd.Replace("widgets", "gadgets", StringComparison.Ordinal)
            .Replace("Widget", "Gadget", StringComparison.Ordinal)
            .Replace("example.org", "gone.org", StringComparison.Ordinal);
        const string crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        await Manifests.AddCrdAsync(api, crd, "/apis/gone.org/v1/gadgets");
        var path = $"/apis/gone.org/v1/namespaces/{await api.NamespaceAsync()}/gadgets";
        Assert.Equal(201, (await api.SendAsync(HttpMethod.Post, path,
            """{"apiVersion":"gone.org/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{"size":1}}""")).Code);
        await api.SendAsync(HttpMethod.Delete, $"{crds}/gadgets.gone.org");
        await Eventually.True(async () => (await api.SendAsync(HttpMethod.Get, path)).Code == 404, "the kind is gone");
        await Manifests.AddCrdAsync(api, crd, "/apis/gone.org/v1/gadgets");
        Assert.Empty((await api.SendAsync(HttpMethod.Get, path)).Body["items"]!.AsArray());
    }

    private async Task<string> ConfigMapsAsync() => $"/api/v1/namespaces/{await api.NamespaceAsync()}/configmaps";

    private async Task ExpectAsync(
        HttpMethod method, string path, string body, int code, string reason, string message,
        string contentType = "application/json")
    {
        var answer = await api.SendAsync(method, path, body, contentType);
        Assert.Equal(code, answer.Code);
        Assert.Equal(reason, answer.Body["reason"]!.GetValue<string>());
        Assert.Contains(message, answer.Body["message"]!.GetValue<string>());
        Assert.Equal("Status", answer.Body["kind"]!.GetValue<string>());
    }
}
