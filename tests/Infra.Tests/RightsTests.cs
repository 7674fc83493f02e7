// The operator's ClusterRole covers every kind the operator knows, and nothing that would let it take over a cluster.
using System.Reflection;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Infra.Tests;

public sealed class RightsTests
{
    private static readonly string[] Reading = ["get", "list", "watch"];

    [Fact]
    public async Task ClusterRole_HasEveryKindTheOperatorWatches()
    {
        var rules = await RulesAsync();
        var missing =
            from type in ResourceTypes.Watched
            from verb in Reading
            where !rules.Any(rule => Says(rule, "apiGroups", type.Group)
                && Says(rule, "resources", type.Plural) && Says(rule, "verbs", verb))
            select $"{verb} {type.Plural}.{type.Group}";
        Assert.Empty(missing);
    }

    [Fact]
    public async Task ClusterRole_HasAStatusForEachKindOfOurs()
    {
        var rules = await RulesAsync();
        var groups = typeof(ResourceTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral && field.Name.EndsWith("Group", StringComparison.Ordinal))
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(group => group.EndsWith("knative.dev", StringComparison.Ordinal)
                && !group.StartsWith("serving.", StringComparison.Ordinal));
        Assert.All(groups, group => Assert.Contains(rules, rule =>
            Says(rule, "apiGroups", group) && Says(rule, "resources", "*/status") && Says(rule, "verbs", "patch")));
    }

    [Theory]
    [InlineData("apps", "deployments")]
    [InlineData("apps", "statefulsets")]
    [InlineData("apps", "daemonsets")]
    [InlineData("apps", "replicasets")]
    [InlineData("batch", "cronjobs")]
    [InlineData("batch", "jobs")]
    public async Task ClusterRole_MayBindEachKindOfKubernetesWithPods(string group, string plural)
    {
        var rules = await RulesAsync();
        Assert.All(Reading.Append("patch"), verb => Assert.Contains(rules, rule =>
            Says(rule, "apiGroups", group) && Says(rule, "resources", plural) && Says(rule, "verbs", verb)));
    }

    [Fact]
    public async Task ClusterRole_TouchesNoSecretsAndGivesNoRights()
    {
        foreach (var rule in await RulesAsync())
        {
            Assert.False(Says(rule, "apiGroups", "*"), rule.ToJsonString());
            Assert.False(Says(rule, "verbs", "*"), rule.ToJsonString());
            Assert.False(Says(rule, "resources", "secrets"), rule.ToJsonString());
            Assert.False(Says(rule, "apiGroups", "rbac.authorization.k8s.io"), rule.ToJsonString());
            Assert.False(Says(rule, "resources", "serviceaccounts/token"), rule.ToJsonString());
            Assert.False(Says(rule, "verbs", "impersonate"), rule.ToJsonString());
        }
    }

    private static async Task<List<JsonObject>> RulesAsync()
    {
        var objects = KubernetesObjects.Read(await Overlays.BuildAsync(Overlays.ConnectionString));
        return [.. objects["ClusterRole/eventing-operator"]["rules"]!.AsArray().Select(rule => rule!.AsObject())];
    }

    private static bool Says(JsonObject rule, string member, string value) =>
        rule[member]!.AsArray().Any(item => item!.ToString() == value);
}
