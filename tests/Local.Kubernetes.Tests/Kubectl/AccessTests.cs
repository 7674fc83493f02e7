// Roles and bindings, asked about and acted under with kubectl.
namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

public sealed class AccessTests(RunningApi api) : IClassFixture<RunningApi>
{
    private readonly KubectlRunner kubectl = new(api);

    [Fact]
    public async Task ServiceAccount_WithARole_MayWhatItSaysAndNothingElse()
    {
        var ns = await api.NamespaceAsync();
        var robot = $"--as=system:serviceaccount:{ns}:robot -n {ns}";
        await kubectl.OkAsync($"create cm one -n {ns}");
        Assert.Contains(
            $"configmaps is forbidden: User \"system:serviceaccount:{ns}:robot\" cannot list resource "
                + $"\"configmaps\" in API group \"\" in the namespace \"{ns}\"",
            (await kubectl.RunAsync($"get cm {robot}")).Error);

        await kubectl.OkAsync($"create role reader -n {ns} --verb=get,list --resource=configmaps");
        await kubectl.OkAsync($"create rolebinding reader -n {ns} --role=reader --serviceaccount={ns}:robot");
        Assert.Contains("one", await kubectl.OkAsync($"get cm {robot}"));
        Assert.Contains("one", await kubectl.OkAsync($"get cm one {robot}"));
        await IsAsync("yes", $"list configmaps {robot}");
        await IsAsync("no", $"watch configmaps {robot}");
        await IsAsync("no", $"list secrets {robot}");
        await IsAsync("no", $"list configmaps --as=system:serviceaccount:{ns}:robot -n default");
        await IsAsync("no", $"list configmaps --as=system:serviceaccount:{ns}:other -n {ns}");
        Assert.Contains("cannot create resource", (await kubectl.RunAsync($"create cm two {robot}")).Error);
        Assert.Contains("cannot delete resource", (await kubectl.RunAsync($"delete cm one {robot}")).Error);
    }

    [Fact]
    public async Task ServiceAccount_ActedAs_IsInItsGroups()
    {
        api.SkipBefore(28, "auth whoami");
        Assert.Contains("system:serviceaccounts:there",
            await kubectl.OkAsync("auth whoami --as=system:serviceaccount:there:robot"));
    }

    [Fact]
    public async Task ClusterRole_OfANameSubresourceGroupOrLabel_CountsAsInARealServer()
    {
        var ns = await api.NamespaceAsync();
        await kubectl.OkAsync($"create clusterrole named-{ns} --verb=get --resource=secrets --resource-name=mine");
        await kubectl.OkAsync($"create clusterrole scaler-{ns} --verb=update --resource=deployments.apps/scale");
        await kubectl.OkAsync("apply -f -", $$"""
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "sum-{{ns}}" },
               "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"part-of": "sum-{{ns}}"} }]}, "rules": []},
              {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
               "metadata": {"name": "part-{{ns}}", "labels": {"part-of": "sum-{{ns}}"} },
               "rules": [{"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["*"]}]}]}
            """);
        foreach (var role in new[] { "named", "scaler" })
        {
            await kubectl.OkAsync($"create rolebinding {role} -n {ns} --clusterrole={role}-{ns} --user=ann");
        }

        await kubectl.OkAsync($"create rolebinding view -n {ns} --clusterrole=view --user=ann");
        await kubectl.OkAsync($"create clusterrolebinding sum-{ns} --clusterrole=sum-{ns} --group=team-{ns}");

        await IsAsync("yes", $"get secrets/mine --as=ann -n {ns}");
        await IsAsync("no", $"get secrets/other --as=ann -n {ns}");
        await IsAsync("yes", $"update deployments --subresource=scale --as=ann -n {ns}");
        await IsAsync("no", $"update deployments --as=ann -n {ns}");
        await IsAsync("yes", $"watch pods --as=ann -n {ns}");
        await IsAsync("no", $"watch pods --as=ann -n default");
        Assert.True(await MayAsync($"team-{ns}"));
        Assert.False(await MayAsync("team-other"));
    }

    private async Task IsAsync(string answer, string question) =>
        Assert.Equal(answer, (await kubectl.RunAsync($"auth can-i {question}")).Output.Trim());

    // For whom kubectl has no words: a kind that is not served, a group.
    private async Task<bool> MayAsync(string group)
    {
        var (code, review) = await api.SendAsync(
            HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            $$$"""
            {"spec": {"user": "bob", "groups": ["{{{group}}}"],
             "resourceAttributes": {"verb": "delete", "group": "example.com", "resource": "things"} } }
            """);
        Assert.Equal(201, code);
        return review["status"]!["allowed"]!.GetValue<bool>();
    }
}
