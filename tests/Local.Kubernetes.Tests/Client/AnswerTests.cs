// What a real API server answers to requests that are wrong or out of the ordinary, word for word.
using System.Text.Json.Nodes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class AnswerTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string MergePatch = "application/merge-patch+json";
    private const string ApplyPatch = "application/apply-patch+yaml";

    private static readonly string[] Versions = ["v1", "v1alpha1"];

    [Theory]
    [InlineData("limit=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax")]
    [InlineData("timeoutSeconds=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax")]
    [InlineData("labelSelector=a%3D%3D%3Db", 400, "unable to parse requirement")]
    [InlineData("resourceVersion=99999999999", 504, "Too large resource version: 99999999999, current: ")]
    [InlineData("resourceVersionMatch=Exact", 422,
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")]
    [InlineData("resourceVersionMatch=Exact&resourceVersion=0", 422,
        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")]
    [InlineData("sendInitialEvents=true", 422, "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list")]
    [InlineData("watch=yes&resourceVersionMatch=NotOlderThan&resourceVersion=1", 422,
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
    public async Task List_ParametersThatMakeNoSense_AreRefused(string query, int code, string expected)
    {
        api.SkipBefore(
            expected.Contains("sendInitialEvents", StringComparison.Ordinal) ? 27 : 0, "the parameters of WatchList");
        var (got, status) = await api.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/default/configmaps?{query}");
        Assert.Equal(code, got);
        Assert.Contains(expected, $"{status["message"]}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "", "fieldValidation=Some", "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: "
        + "Unsupported value: \"Some\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"")]
    [InlineData("POST", "", "dryRun=Some", "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: ")]
    [InlineData("DELETE", "/nosuch", "propagationPolicy=Some",
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Some\"")]
    public async Task Write_UnknownOption_IsRefused(string method, string name, string query, string expected)
    {
        api.SkipBefore(query.StartsWith("fieldValidation", StringComparison.Ordinal) ? 25 : 0, "fieldValidation");
        var (code, status) = await api.SendAsync(new HttpMethod(method),
            $"/api/v1/namespaces/default/configmaps{name}?{query}",
            method == "POST" ? """{"metadata":{"name":"never-made"}}""" : null);
        Assert.Equal(422, code);
        Assert.StartsWith(expected, $"{status["message"]}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"metadata":{"uid":"other"}}""", "metadata.uid: Invalid value: \"other\": field is immutable")]
    [InlineData("""{"metadata":{"deletionTimestamp":"2020-01-01T00:00:00Z"}}""",
        "metadata.deletionTimestamp: Invalid value: ")]
    public async Task Patch_OfWhatTheServerGave_IsRefused(string patch, string expected)
    {
        var path = $"/api/v1/namespaces/{await api.NamespaceAsync()}/configmaps";
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"c"}}""");
        var (code, status) = await api.SendAsync(HttpMethod.Patch, $"{path}/c", patch, MergePatch);
        Assert.Equal(422, code);
        Assert.Contains(expected, $"{status["message"]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patch_OfTheCreationTime_IsPassedOver()
    {
        var path = $"/api/v1/namespaces/{await api.NamespaceAsync()}/configmaps";
        var made = (await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"c"}}""")).Body;
        var (code, body) = await api.SendAsync(HttpMethod.Patch, $"{path}/c",
            """{"metadata":{"creationTimestamp":"2020-01-01T00:00:00Z"}}""", MergePatch);
        Assert.Equal(200, code);
        Assert.Equal($"{made["metadata"]!["creationTimestamp"]}", $"{body["metadata"]!["creationTimestamp"]}");
    }

    [Fact]
    public async Task Put_DeletionTimeWithFractions_IsTheSameTime()
    {
        var path = $"/api/v1/namespaces/{await api.NamespaceAsync()}/configmaps";
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"c","finalizers":["example.org/held"]}}""");
        var held = (await api.SendAsync(HttpMethod.Delete, $"{path}/c")).Body;
        var text = $"{held["metadata"]!["deletionTimestamp"]}";
        held["metadata"]!["deletionTimestamp"] = text.Replace("Z", ".000000Z", StringComparison.Ordinal);
        held["metadata"]!["finalizers"] = null;
        Assert.Equal(200, (await api.SendAsync(HttpMethod.Put, $"{path}/c", held.ToJsonString())).Code);
        Assert.Equal(404, (await api.SendAsync(HttpMethod.Get, $"{path}/c")).Code);
    }

    [Fact]
    public async Task Create_InANamespaceThatEnds_IsRefused()
    {
        var ns = await api.NamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"c","finalizers":["example.org/held"]}}""");
        await api.SendAsync(HttpMethod.Delete, $"/api/v1/namespaces/{ns}");

        var (code, status) = await api.SendAsync(HttpMethod.Post, path, """{"metadata":{"name":"d"}}""");

        Assert.Equal(403, code);
        Assert.EndsWith(
            $"unable to create new content in namespace {ns} because it is being terminated", $"{status["message"]}");
        Assert.Equal("NamespaceTerminating", $"{status["details"]!["causes"]![0]!["reason"]}");
        await api.SendAsync(HttpMethod.Patch, $"{path}/c", """{"metadata":{"finalizers":null}}""", MergePatch);
        await Eventually.Passes(async () =>
            Assert.Equal(404, (await api.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}")).Code));
    }

    [Theory]
    [InlineData("""{"when":"yesterday"}""",
        "spec.when: Invalid value: \"yesterday\": spec.when in body must be of type date-time: \"yesterday\"")]
    [InlineData("""{"address":"1.2.3"}""", "spec.address in body must be of type ipv4: \"1.2.3\"")]
    [InlineData("""{"bytes":"*"}""", "spec.bytes in body must be of type byte: \"*\"")]
    [InlineData("""{"held":{"kind":"ConfigMap"}}""", "spec.held.apiVersion: Required value")]
    [InlineData("""{"port":true}""", "spec.port in body must be of type integer,string: \"boolean\"")]
    [InlineData("""{"one":{}}""", "\"spec.one\" must validate one and only one schema (oneOf). Found none valid, "
        + "spec.one.a: Required value")]
    [InlineData("""{"one":{"a":"1","b":"2"}}""", "(oneOf). Found 2 valid alternatives")]
    [InlineData("""{"size":0,"fixed":5}""",
        "[spec.fixed: Invalid value: \"integer\": spec.fixed in body must be of type string: \"integer\", <nil>: "
        + "Invalid value: null: some validation rules were not checked because the object was invalid; "
        + "correct the existing errors to complete validation]")]
    public async Task CustomObject_Wrong_IsToldAsARealServerTellsIt(string spec, string expected)
    {
        api.SkipBefore(expected.Contains("rules", StringComparison.Ordinal) ? 30 : 0, "a word on rules not checked");
        var path = await ThingsAsync();
        var (code, status) = await api.SendAsync(HttpMethod.Post, path, Thing("t", spec));
        Assert.Equal(422, code);
        Assert.Contains(expected, $"{status["message"]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImmutableField_Changed_ShowsTheValue()
    {
        api.SkipBefore(36, "the value in the message of a rule");
        var path = await ThingsAsync();
        await api.SendAsync(HttpMethod.Post, path, Thing("t", """{"fixed":"a"}"""));
        var (code, status) = await api.SendAsync(
            HttpMethod.Patch, $"{path}/t", """{"spec":{"fixed":"b"}}""", MergePatch);
        Assert.Equal(422, code);
        Assert.EndsWith("is invalid: spec.fixed: Invalid value: \"b\": stays as it is", $"{status["message"]}");
    }

    [Fact]
    public async Task Apply_KeyLeftOut_IsItsDefault()
    {
        api.SkipBefore(22, "defaults in the keys of lists");
        var path = await ThingsAsync();
        var wanted = Thing("t", """{"ports":[{"number":80,"note":"x"}]}""");
        async Task<JsonObject> ApplyAsync(string manager)
        {
            var (code, body) = await api.SendAsync(
                HttpMethod.Patch, $"{path}/t?fieldManager={manager}", wanted, ApplyPatch);
            Assert.True(code is 200 or 201, $"{body}");
            return body;
        }

        await ApplyAsync("one");
        var both = await ApplyAsync("two");
        Assert.Single(both["spec"]!["ports"]!.AsArray());
        var owners = both["metadata"]!["managedFields"]!.AsArray();
        // A real server notes no time of the second, who changed nothing, and so has it first.
        Assert.Equal(["one", "two"], owners.Select(owner => $"{owner!["manager"]}").Order());
        Assert.All(owners, owner => Assert.Equal("""k:{"number":80,"protocol":"udp"}""",
            owner!["fieldsV1"]!["f:spec"]!["f:ports"]!.AsObject().Single(field => field.Key != ".").Key));
    }

    [Theory]
    [InlineData("""{"ports":[{"number":80},{"number":81},{"number":80,"protocol":"udp"}]}""",
        ".spec.ports: duplicate entries for key [number=80,protocol=\"udp\"]")]
    [InlineData("""{"tags":["a","b","a"]}""", ".spec.tags: duplicate entries for key [=\"a\"]")]
    public async Task Apply_ItemTwice_IsRefused(string spec, string expected)
    {
        api.SkipBefore(22, "defaults in the keys of lists");
        var path = await ThingsAsync();
        await api.SendAsync(HttpMethod.Post, path, Thing("t", """{"ports":[{"number":80}],"tags":["a"]}"""));
        var (code, status) = await api.SendAsync(
            HttpMethod.Patch, $"{path}/t?fieldManager=one", Thing("t", spec), ApplyPatch);
        Assert.Equal(500, code);
        Assert.Equal(
            $"failed to create typed patch object (/t; answers.org/v1, Kind=Thing): {expected}",
            $"{status["message"]}");
    }

    [Fact]
    public async Task Owners_AllForgotten_AreNotedAgainFromTheNextApplyOn()
    {
        var path = await ThingsAsync();
        await api.SendAsync(HttpMethod.Post, path, Thing("t", """{"size":1}"""));
        foreach (var patch in (string[])["""{"metadata":{"managedFields":[{}]}}""", """{"spec":{"size":2}}"""])
        {
            var (code, body) = await api.SendAsync(HttpMethod.Patch, $"{path}/t", patch, MergePatch);
            Assert.Equal(200, code);
            Assert.Null(body["metadata"]!["managedFields"]);
        }

        var (refused, status) = await api.SendAsync(
            HttpMethod.Patch, $"{path}/t?fieldManager=one", Thing("t", """{"size":3}"""), ApplyPatch);
        Assert.Equal(409, refused);
        Assert.Equal(
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using answers.org/v1: .spec.size",
            $"{status["message"]}");
    }

    [Fact]
    public async Task Finalizer_WithoutADomain_IsTakenWithAWarning()
    {
        api.SkipBefore(29, "warning of finalizers without a domain");
        var path = await ThingsAsync();
        const string made = """
            {"apiVersion":"answers.org/v1","kind":"Thing",
             "metadata":{"name":"t","finalizers":["bare","orphan","kubernetes","example.org/full"]}}
            """;
        using var content = new StringContent(made);
        content.Headers.ContentType = new("application/json");
        using var response = await api.Http.PostAsync(path, content);
        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal(
            "299 - \"metadata.finalizers: \\\"bare\\\": prefer a domain-qualified finalizer name to avoid "
                + "accidental conflicts with other finalizer writers\"",
            response.Headers.GetValues("Warning").Single());
        await api.SendAsync(HttpMethod.Patch, $"{path}/t", """{"metadata":{"finalizers":null}}""", MergePatch);
    }

    [Fact]
    public async Task List_FieldThatIsNotToBeAskedFor_IsRefused()
    {
        var ns = await api.NamespaceAsync();
        var things = (await api.SendAsync(HttpMethod.Get, $"{await ThingsAsync()}?fieldSelector=spec.a%3Db")).Body;
        Assert.Equal("field label not supported: spec.a", $"{things["message"]}");
        var maps = (await api.SendAsync(
            HttpMethod.Get, $"/api/v1/namespaces/{ns}/configmaps?fieldSelector=data.a%3Db")).Body;
        Assert.Equal(
            "\"data.a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            $"{maps["message"]}");
        Assert.Equal("BadRequest", $"{maps["reason"]}");
    }

    [Fact]
    public async Task Update_InTwoVersions_IsTwoOwners()
    {
        await Manifests.AddWidgetsAsync(api);
        var ns = await api.NamespaceAsync();
        var path = $"/apis/example.org/v1/namespaces/{ns}/widgets";
        await api.SendAsync(HttpMethod.Post, path, Manifests.WidgetJson("w", """{"size":1}"""));
        var other = $"/apis/example.org/v1alpha1/namespaces/{ns}/widgets/w";
        var (code, body) = await api.SendAsync(
            HttpMethod.Patch, other, """{"metadata":{"labels":{"a":"b"}}}""", MergePatch);
        Assert.Equal(200, code);
        Assert.Equal(Versions, body["metadata"]!["managedFields"]!.AsArray()
            .Select(owner => $"{owner!["apiVersion"]}".Split('/')[1]).Order());
    }

    [Fact]
    public async Task Crd_DeletedAndMadeAnew_ForgetsItsPast()
    {
        var crd = ThingCrd.Replace("things", "phoenixes", StringComparison.Ordinal)
            .Replace("Thing", "Phoenix", StringComparison.Ordinal);
        var path = await AddAsync(crd, "phoenixes");
        var first = (await api.SendAsync(HttpMethod.Post, path,
            Thing("t", "{}").Replace("Thing", "Phoenix", StringComparison.Ordinal))).Body;
        await api.SendAsync(HttpMethod.Delete, $"{Crds}/phoenixes.answers.org");
        await Eventually.True(
            async () => (await api.SendAsync(HttpMethod.Get, $"{Crds}/phoenixes.answers.org")).Code == 404,
            "the CRD is gone");
        path = await AddAsync(crd, "phoenixes");
        var version = $"{first["metadata"]!["resourceVersion"]}";
        var told = await api.WatchUntilAsync($"{path}?watch=true&resourceVersion={version}", _ => true);
        Assert.Equal("ERROR", $"{told[0]["type"]}");
        Assert.Equal(410, (int)told[0]["object"]!["code"]!);
    }

    private const string ThingCrd = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: things.answers.org}
        spec:
          group: answers.org
          scope: Namespaced
          names: {plural: things, kind: Thing}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer}
                      when: {type: string, format: date-time}
                      address: {type: string, format: ipv4}
                      bytes: {type: string, format: byte}
                      port: {x-kubernetes-int-or-string: true}
                      held:
                        type: object
                        x-kubernetes-embedded-resource: true
                        x-kubernetes-preserve-unknown-fields: true
                      one:
                        type: object
                        properties: {a: {type: string}, b: {type: string} }
                        oneOf: [{required: [a]}, {required: [b]}]
                      fixed:
                        type: string
                        x-kubernetes-validations: [{rule: self == oldSelf, message: stays as it is}]
                      tags: {type: array, x-kubernetes-list-type: set, items: {type: string} }
                      ports:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [protocol, number]
                        items:
                          type: object
                          required: [number]
                          properties:
                            number: {type: integer}
                            protocol: {type: string, default: udp}
                            note: {type: string}
        """;

    private static string Thing(string name, string spec) =>
        $$$"""{"apiVersion":"answers.org/v1","kind":"Thing","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""";

    private Task<string> ThingsAsync() => AddAsync(ThingCrd, "things");

    /// <summary>Adds a CRD unless it is there; returns a path in a namespace of its own.</summary>
    private async Task<string> AddAsync(string crd, string plural)
    {
        await Manifests.AddCrdAsync(api, crd, $"/apis/answers.org/v1/{plural}");
        return $"/apis/answers.org/v1/namespaces/{await api.NamespaceAsync()}/{plural}";
    }
}
