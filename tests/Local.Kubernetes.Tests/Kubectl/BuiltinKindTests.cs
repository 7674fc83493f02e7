// What users do with kubectl and the built-in kinds.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

public sealed class BuiltinKindTests(RunningApi api) : IClassFixture<RunningApi>
{
    private readonly KubectlRunner kubectl = new(api);

    [Fact]
    public async Task Create_ByCommand_MakesWhatWasAsked()
    {
        var name = "n" + Guid.NewGuid().ToString("n")[..8];
        await kubectl.OkAsync($"create ns {name}");
        await kubectl.OkAsync($"create cm c1 -n {name} --from-literal=a=b");
        await kubectl.OkAsync($"create secret generic s1 -n {name} --from-literal=a=b");
        await kubectl.OkAsync($"create sa robot -n {name}");
        await kubectl.OkAsync($"create deploy web -n {name} --image=web:1 --replicas=2 --port=80");
        await kubectl.OkAsync($"create svc clusterip web -n {name} --tcp=80:8080");
        await kubectl.OkAsync($"create role reader -n {name} --verb=get,list --resource=configmaps");
        await kubectl.OkAsync($"create rolebinding r -n {name} --role=reader --serviceaccount={name}:robot");
        Assert.Matches(@"c1 +1 ", await kubectl.OkAsync($"get cm -n {name}"));
        Assert.Equal("b", await kubectl.OkAsync(
            $"get secret s1 -n {name} -o go-template='{{{{.data.a|base64decode}}}}'"));
        Assert.Matches(@"web +0/2 +0 +0 ", await kubectl.OkAsync($"get deploy -n {name}"));
        Assert.Matches(@"web +ClusterIP +10\.\S+ +<none> +80/TCP", await kubectl.OkAsync($"get svc -n {name}"));
        Assert.Matches(@"r +Role/reader", await kubectl.OkAsync($"get rolebinding -n {name}"));
        await kubectl.OkAsync($"delete ns {name} --timeout=30s");
        Assert.Contains("NotFound", (await kubectl.RunAsync($"get ns {name}")).Error);
        Assert.DoesNotContain(name, await kubectl.OkAsync("get cm,secret,deploy,svc,sa,role,rolebinding -A"));
    }

    [Fact]
    public async Task Deployment_ApplyStrategicScaleSetImage_MergesByName()
    {
        var ns = await api.NamespaceAsync();
        await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Deployment);
        Assert.Contains("unchanged", await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Deployment));
        await kubectl.OkAsync($"patch deploy web -n {ns} -p "
            + "'{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"image\":\"side:1\"}]}}}}'");
        await kubectl.OkAsync($"scale deploy web -n {ns} --replicas=5");
        await kubectl.OkAsync($"set image deploy/web main=web:2 -n {ns}");
        await kubectl.OkAsync($"rollout restart deploy/web -n {ns}");
        Assert.Equal("5 side,main, side:1,web:2,", await kubectl.OkAsync($"get deploy web -n {ns} -o jsonpath="
            + "'{.spec.replicas} {range .spec.template.spec.containers[*]}{.name},{end} "
            + "{range .spec.template.spec.containers[*]}{.image},{end}'"));
        Assert.Matches("Image: +web:2", await kubectl.OkAsync($"describe deploy web -n {ns}"));
        var changed = Manifests.Deployment.Replace("web:1", "web:3", StringComparison.Ordinal);
        Assert.Contains("configured", await kubectl.OkAsync($"apply -n {ns} -f -", changed));
        Assert.Equal("side:1 web:3", await kubectl.OkAsync(
            $"get deploy web -n {ns} -o jsonpath='{{.spec.template.spec.containers[*].image}}'"));
    }

    [Fact]
    public async Task Deployment_RolloutStatus_EndsWhenTheStatusSaysSo()
    {
        var ns = await api.NamespaceAsync();
        await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Deployment);
        var waiting = kubectl.OkAsync($"rollout status deploy/web -n {ns} --timeout=30s");
        await kubectl.OkAsync($"patch deploy web -n {ns} --subresource=status --type=merge -p "
            + "'{\"status\":{\"observedGeneration\":1,\"replicas\":2,"
            + "\"updatedReplicas\":2,\"readyReplicas\":2,\"availableReplicas\":2}}'");
        Assert.Contains("successfully rolled out", await waiting);
        Assert.Matches(@"web +2/2 +2 +2 ", await kubectl.OkAsync($"get deploy -n {ns}"));
    }

    [Fact]
    public async Task Delete_CascadeBackgroundForegroundOrphan_TreatDependentsAsAsked()
    {
        var ns = await api.NamespaceAsync();
        foreach (var (cascade, left) in new[] { ("background", false), ("foreground", false), ("orphan", true) })
        {
            var uid = (await api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/configmaps",
                $$$"""{"metadata":{"name":"owner"}}""")).Body["metadata"]!["uid"]!.GetValue<string>();
            await api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/configmaps", $$$"""
                {"metadata":{"name":"owned-{{{cascade}}}","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap",
                 "name":"owner","uid":"{{{uid}}}","blockOwnerDeletion":true}]}}
                """);
            await kubectl.OkAsync($"delete cm owner -n {ns} --cascade={cascade} --timeout=30s");
            await Eventually.True(
                async () => (await api.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/configmaps/owned-{cascade}"))
                    .Code == (left ? 200 : 404),
                $"{cascade} leaves the dependent {(left ? "there" : "gone")}");
        }
    }

    [Fact]
    public async Task AuthVersionDiscovery_Answer()
    {
        Assert.Contains(
            RunningApi.UsesCluster ? "Server Version: v1." : "Server Version: v1.33", await kubectl.OkAsync("version"));
        Assert.Contains("yes", await kubectl.OkAsync("auth can-i create configmaps"));
        var kinds = await kubectl.OkAsync("api-resources");
        Assert.Matches(@"deployments +deploy +apps/v1 +true +Deployment", kinds);
        Assert.Matches(@"endpointslices +discovery.k8s.io/v1", kinds);
        Assert.Contains("coordination.k8s.io/v1", await kubectl.OkAsync("api-versions"));
    }

    [Fact]
    public async Task AuthWhoami_SaysWho()
    {
        api.SkipBefore(28, "auth whoami");
        Assert.Contains("system:masters", await kubectl.OkAsync("auth whoami"));
    }

    [Fact]
    public async Task Explain_TellsFields()
    {
        api.SkipBefore(27, "OpenAPI v3");
        Assert.Contains("Number of desired pods", await kubectl.OkAsync("explain deployment.spec.replicas"));
        Assert.Contains("image\t<string>", await kubectl.OkAsync("explain deploy.spec.template.spec.containers"));
    }

    [Fact]
    public async Task Wrong_RequestsSayWhatIsWrong()
    {
        var ns = await api.NamespaceAsync();
        await kubectl.OkAsync($"create cm c1 -n {ns}");
        var expected = new Dictionary<string, string>
        {
            [$"create cm c1 -n {ns}"] = "configmaps \"c1\" already exists",
            [$"create cm Upper -n {ns}"] = "a lowercase RFC 1123 subdomain must consist of",
            [$"get cm nosuch -n {ns}"] = "configmaps \"nosuch\" not found",
            [$"create cm c2 -n nowhere{ns}"] = $"namespaces \"nowhere{ns}\" not found",
            ["get nosuchkind"] = "the server doesn't have a resource type \"nosuchkind\"",
            [$"get cm -n {ns} --field-selector data.a=b"] = "\"data.a\" is not a known field selector",
            ["delete ns default"] = "this namespace may not be deleted",
            [$"label cm c1 -n {ns} a=-b"] = "a valid label must be an empty string or consist of",
        };
        foreach (var (command, message) in expected)
        {
            var refused = await kubectl.RunAsync(command);
            Assert.Equal(1, refused.Code);
            Assert.Contains(message, refused.Error);
        }
    }

    [Fact]
    public async Task Events_AreListedWithoutTheirNames()
    {
        var ns = await api.NamespaceAsync();
        await api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/events", $$$"""
            {"metadata":{"name":"web.1"},"involvedObject":{"kind":"Deployment","name":"web","namespace":"{{{ns}}}"},
             "type":"Normal","reason":"Scaled","message":"Scaled up","count":2,
             "lastTimestamp":"2026-01-01T00:00:00Z"}
            """);

        var lines = (await kubectl.OkAsync($"get events -n {ns}")).Split('\n');
        Assert.Matches("^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$", lines[0].TrimEnd());
        Assert.Matches(@"^\S+ +Normal +Scaled +deployment/web +Scaled up$", lines[1].TrimEnd());
        Assert.Matches("MESSAGE +FIRST SEEN +COUNT +NAME$",
            (await kubectl.OkAsync($"get events -n {ns} -o wide")).Split('\n')[0].TrimEnd());
        Assert.Contains("Scaled up", await kubectl.OkAsync($"events -n {ns}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Autoscaler_BothVersions_AreOneObject()
    {
        api.SkipBefore(23, "autoscaling/v2");
        const string First = "horizontalpodautoscalers.v1.autoscaling";
        const string Second = "horizontalpodautoscalers.v2.autoscaling";
        var ns = await api.NamespaceAsync();
        await api.SendAsync(HttpMethod.Post, $"/apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers", """
            {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},
             "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
              "minReplicas":1,"maxReplicas":4,"targetCPUUtilizationPercentage":70}}
            """);

        Assert.Equal("cpu 70", await kubectl.OkAsync($"get {Second} web -n {ns} -o jsonpath="
            + "'{.spec.metrics[0].resource.name} {.spec.metrics[0].resource.target.averageUtilization}'"));
        await kubectl.OkAsync($"patch {Second} web -n {ns} --type=json -p "
            + "'[{\"op\":\"add\",\"path\":\"/spec/metrics/-\",\"value\":{\"type\":\"Resource\",\"resource\":"
            + "{\"name\":\"memory\",\"target\":{\"type\":\"Utilization\",\"averageUtilization\":50}}}}]'");
        await kubectl.OkAsync($"patch {First} web -n {ns} --type=merge -p "
            + "'{\"spec\":{\"targetCPUUtilizationPercentage\":80}}'");
        Assert.Equal("cpu 80 memory 50", await kubectl.OkAsync($"get {Second} web -n {ns} -o jsonpath="
            + "'{.spec.metrics[0].resource.name} {.spec.metrics[0].resource.target.averageUtilization} "
            + "{.spec.metrics[1].resource.name} {.spec.metrics[1].resource.target.averageUtilization}'"));
    }
}
