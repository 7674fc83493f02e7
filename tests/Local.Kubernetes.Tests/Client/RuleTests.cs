// The finer rules of a real API server, one test each.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class RuleTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    [Fact]
    public async Task Crd_KindOfAnotherInItsGroup_WaitsUntilThatOneIsGone()
    {
        Assert.Equal(201, (await api.SendAsync(HttpMethod.Post, Crds, Crd("firsts", "Thing"))).Code);
        Assert.Equal(201, (await api.SendAsync(HttpMethod.Post, Crds, Crd("seconds", "Thing"))).Code);
        var second = $"{Crds}/seconds.names.org";
        Assert.Equal("False KindConflict \"Thing\" is already in use", await ConditionAsync(second, "NamesAccepted"));
        Assert.Equal("False NotAccepted not all names are accepted", await ConditionAsync(second, "Established"));
        Assert.Equal(404, (await api.SendAsync(HttpMethod.Get, "/apis/names.org/v1/seconds")).Code);
        await Eventually.True(
            async () => (await api.SendAsync(HttpMethod.Get, "/apis/names.org/v1/firsts")).Code == 200,
            "the first one is served");
        await api.SendAsync(HttpMethod.Delete, $"{Crds}/firsts.names.org");
        await Eventually.True(
            async () => (await api.SendAsync(HttpMethod.Get, "/apis/names.org/v1/seconds")).Code == 200,
            "the names go to the CRD that waited for them");
        Assert.StartsWith("True NoConflicts", await ConditionAsync(second, "NamesAccepted"));
    }

    [Fact]
    public async Task Crd_ShortNameOfAnotherAsAnUpdate_KeepsServingUnderItsOldNames()
    {
        await api.SendAsync(HttpMethod.Post, Crds, Crd("lefts", "Left", "one"));
        await api.SendAsync(HttpMethod.Post, Crds, Crd("rights", "Right", "two"));
        var path = $"{Crds}/rights.names.org";
        await Eventually.True(async () => (await ConditionAsync(path, "Established"))
            .StartsWith("True", StringComparison.Ordinal), "its first names are its own");
        await api.SendAsync(HttpMethod.Patch, path, """{"spec":{"names":{"shortNames":["one"]}}}""",
            "application/merge-patch+json");
        await Eventually.Passes(async () => Assert.Equal(
            "False ShortNamesConflict \"one\" is already in use", await ConditionAsync(path, "NamesAccepted")));
        Assert.StartsWith("True ", await ConditionAsync(path, "Established"));
        var resources = (await api.SendAsync(HttpMethod.Get, "/apis/names.org/v1")).Body["resources"]!.AsArray();
        Assert.Equal("""["two"]""", resources.Single(one => $"{one!["name"]}" == "rights")!["shortNames"]!
            .ToJsonString());
    }

    [Fact]
    public async Task Delete_ResourceVersionPrecondition_MustBeThePresentOne()
    {
        var path = await ConfigMapsAsync();
        var made = (await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"c"}}""")).Body;
        string Preconditions(string field, JsonNode? value) =>
            $$$"""{"preconditions":{"{{{field}}}":"{{{value}}}"}}""";
        var (code, status) = await api.SendAsync(HttpMethod.Delete, $"{path}/c",
            Preconditions("resourceVersion", "1"));
        Assert.Equal(409, code);
        Assert.Equal("Conflict", $"{status["reason"]}");
        Assert.Contains("the ResourceVersion in the precondition (1) does not match ", $"{status["message"]}");
        Assert.Equal(409, (await api.SendAsync(HttpMethod.Delete, path, Preconditions("uid", "other"))).Code);
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Delete, $"{path}/c",
            Preconditions("resourceVersion", made["metadata"]!["resourceVersion"]))).Code);
    }

    [Fact]
    public async Task DeleteCollection_DryRunFieldSelectorAndFinalizers_AreMinded()
    {
        var path = await ConfigMapsAsync();
        foreach (var name in (string[])["a", "b", "c"])
        {
            await api.SendAsync(HttpMethod.Post, path, $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        }

        await api.SendAsync(HttpMethod.Patch, $"{path}/c", """{"metadata":{"finalizers":["x.org/hold"]}}""",
            "application/merge-patch+json");
        await api.SendAsync(HttpMethod.Delete, $"{path}?dryRun=All");
        Assert.Equal("a b c", await NamesAsync(path));
        var gone = (await api.SendAsync(HttpMethod.Delete, $"{path}?fieldSelector=metadata.name%3Da")).Body;
        Assert.Equal("ConfigMapList", $"{gone["kind"]}");
        Assert.Single(gone["items"]!.AsArray());
        await api.SendAsync(HttpMethod.Delete, path);
        Assert.Equal("c", await NamesAsync(path));
        Assert.NotNull((await api.SendAsync(HttpMethod.Get, $"{path}/c")).Body["metadata"]!["deletionTimestamp"]);
        Assert.Equal(405, (await api.SendAsync(HttpMethod.Delete, "/api/v1/namespaces")).Code);
    }

    [Theory]
    [InlineData("""{"name":"-a"}""", "metadata.name", "a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("""{"generateName":"A"}""", "metadata.generateName", "a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("{}", "metadata.name", "name or generateName is required")]
    [InlineData("""{"name":"a","labels":{"-x":"y"}}""", "metadata.labels", "name part must consist of")]
    [InlineData("""{"name":"a","labels":{"A B/x":"y"}}""", "metadata.labels", "prefix part a lowercase RFC 1123")]
    [InlineData("""{"name":"a","labels":{"x":"y z"}}""", "metadata.labels", "a valid label must be an empty string")]
    [InlineData("""{"name":"a","annotations":{"/x":"y"}}""", "metadata.annotations", "prefix part")]
    [InlineData("""{"name":"a","finalizers":["x y"]}""", "metadata.finalizers", "name part must consist of")]
    [InlineData("""{"name":"a","finalizers":["orphan","foregroundDeletion"]}""",
        "metadata.finalizers", "finalizer orphan and foregroundDeletion cannot be both set")]
    [InlineData("""{"name":"a","ownerReferences":[{"kind":"A","name":"b","uid":"c"}]}""",
        "metadata.ownerReferences.apiVersion", "must not be empty")]
    [InlineData("""
        {"name":"a","ownerReferences":[
          {"apiVersion":"v1","kind":"A","name":"b","uid":"1","controller":true},
          {"apiVersion":"v1","kind":"A","name":"c","uid":"2","controller":true}]}
        """, "metadata.ownerReferences", "Only one reference can have Controller set to true")]
    public async Task Metadata_Wrong_NamesTheFieldAndTheRule(string metadata, string field, string rule)
    {
        var (code, status) = await api.SendAsync(
            HttpMethod.Post, await ConfigMapsAsync(), $$$"""{"metadata":{{{metadata}}}}""");
        Assert.Equal(422, code);
        var cause = status["details"]!["causes"]!.AsArray().First()!;
        Assert.Equal(field, $"{cause["field"]}");
        Assert.Contains(rule, $"{cause["message"]}");
        Assert.Equal("ConfigMap", $"{status["details"]!["kind"]}");
    }

    [Theory]
    [InlineData("POST", "/api/v1/namespaces/default/configmaps/c", 405, "MethodNotAllowed")]
    [InlineData("GET", "/api/v1/namespaces/default/configmaps/nosuch", 404, "NotFound")]
    [InlineData("DELETE", "/api/v1/namespaces/kube-system", 403, "Forbidden")]
    [InlineData("GET", "/api/v1/namespaces/default/configmaps?labelSelector=a%20b%20c", 400, "BadRequest")]
    [InlineData("GET", "/api/v1/namespaces/default/configmaps?continue=%21", 400, "BadRequest")]
    [InlineData("POST", "/api/v1/namespaces/default/configmaps?fieldValidation=Maybe", 422, "Invalid")]
    public async Task Refusal_IsAStatusWithCodeAndReason(string method, string path, int code, string reason)
    {
        var answer = await api.SendAsync(new HttpMethod(method), path, method == "POST" ? "{}" : null);
        Assert.Equal(code, answer.Code);
        Assert.Equal(reason, $"{answer.Body["reason"]}");
        Assert.Equal(code, answer.Body["code"]!.GetValue<int>());
        Assert.Equal("Status Failure", $"{answer.Body["kind"]} {answer.Body["status"]}");
    }

    [Fact]
    public async Task Discovery_GroupsAreInARealServersOrderThenOwnOnesByName()
    {
        await api.SendAsync(HttpMethod.Post, Crds, Crd("zs", "Z", group: "z.org"));
        await api.SendAsync(HttpMethod.Post, Crds, Crd("as", "A", group: "a.org"));
        string[] expected =
        [
            "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
            "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "apiextensions.k8s.io",
            "coordination.k8s.io", "discovery.k8s.io", "a.org", "z.org",
        ];
        // A real server has more groups, and lists those of CRDs a moment after it took these.
        await Eventually.Passes(async () => Assert.Equal(
            expected,
            (await api.SendAsync(HttpMethod.Get, "/apis")).Body["groups"]!.AsArray()
                .Select(group => $"{group!["name"]}").Intersect(expected)));
    }

    [Fact]
    public async Task OpenApi_EveryBuiltinKind_HasADescribedSchema()
    {
        RunningApi.SkipOnCluster("how it describes its kinds");
        var paths = (await api.SendAsync(HttpMethod.Get, "/openapi/v3")).Body["paths"]!.AsObject()
            .Select(path => path.Key).Where(path => !path.Contains(".org/", StringComparison.Ordinal)).ToList();
        var kinds = 0;
        foreach (var path in paths)
        {
            var document = (await api.SendAsync(HttpMethod.Get, $"/openapi/v3/{path}")).Body;
            foreach (var (name, schema) in document["components"]!["schemas"]!.AsObject())
            {
                kinds++;
                Assert.True($"{schema!["description"]}".Length > 20, $"{name} says what it is");
                AssertDescribed(name, schema.AsObject());
            }
        }

        Assert.True(kinds >= 23, $"{kinds} kinds in {string.Join(' ', paths)}");
    }

    /// <summary>Fields below the envelope: each has a type or says that it takes any, and a description.</summary>
    private static void AssertDescribed(string path, JsonObject schema)
    {
        foreach (var (name, field) in schema["properties"] as JsonObject ?? [])
        {
            Assert.True($"{field!["description"]}".Length > 0, $"{path}.{name} is described");
            AssertDescribed($"{path}.{name}", field.AsObject());
        }
    }

    private static string Crd(
        string plural, string kind, string? shortName = null, string group = "names.org") => $$$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
         "metadata":{"name":"{{{plural}}}.{{{group}}}"},
         "spec":{"group":"{{{group}}}","scope":"Cluster",
          "names":{"plural":"{{{plural}}}","kind":"{{{kind}}}","singular":"{{{plural}}}-one","shortNames":
            {{{(shortName is null ? "[]" : $"[\"{shortName}\"]")}}},"listKind":"{{{kind}}}{{{plural}}}List"},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"} } }]}}
        """;

    private async Task<string> ConditionAsync(string path, string type)
    {
        JsonNode? found = null;
        await Eventually.True(async () => (found = ((await api.SendAsync(HttpMethod.Get, path)).Body
            .At("status", "conditions") as JsonArray)?.SingleOrDefault(one => $"{one!["type"]}" == type)) is not null,
            $"{path} has its condition {type}");
        return $"{found!["status"]} {found["reason"]} {found["message"]}";
    }

    private async Task<string> ConfigMapsAsync() => $"/api/v1/namespaces/{await api.NamespaceAsync()}/configmaps";

    private async Task<string> NamesAsync(string path) => string.Join(' ',
        (await api.SendAsync(HttpMethod.Get, path)).Body["items"]!.AsArray().Select(one => one!["metadata"]!["name"]));
}
