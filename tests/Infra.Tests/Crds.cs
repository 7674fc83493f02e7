// Puts our CustomResourceDefinitions into a local API, as a user would.
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

internal static class Crds
{
    public static Task InstallAsync(KubernetesApi api, string home) => CommandLine.OkAsync(
        RequiredTool.Find("kubectl"),
        $"apply --server-side -f {Repository.Infra("crds")}",
        environment: new() { ["KUBECONFIG"] = api.KubeconfigPath, ["KUBECACHEDIR"] = Path.Combine(home, "cache") });
}
