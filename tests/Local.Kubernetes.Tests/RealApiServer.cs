// A real kube-apiserver with its etcd for the whole run, when KUBEBUILDER_ASSETS says where their programs are.
using System.Diagnostics;
using System.Security.Cryptography;
using ServerlessEventing.Local.Kubernetes.Tests;
using ServerlessEventing.Testing;

[assembly: AssemblyFixture(typeof(RealApiServer))]

namespace ServerlessEventing.Local.Kubernetes.Tests;

/// <summary>
/// Starts both as controller-runtime's envtest does and points USE_EXISTING_CLUSTER and KUBECONFIG at them, so that the
/// tests take them for a cluster; without the variable it does nothing.
/// </summary>
public sealed class RealApiServer : IAsyncLifetime
{
    public const string AssetsVariable = "KUBEBUILDER_ASSETS";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(120);

    private readonly TempFolder folder = new();
    private readonly List<Process> processes = [];

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(AssetsVariable) is not { Length: > 0 } assets)
        {
            return;
        }

        var (client, peer, secure) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        var etcd = $"http://127.0.0.1:{client}";
        Start(Path.Combine(assets, "etcd"),
        [
            $"--data-dir={folder["etcd"]}", $"--listen-client-urls={etcd}", $"--advertise-client-urls={etcd}",
            $"--listen-peer-urls=http://127.0.0.1:{peer}", "--unsafe-no-fsync",
        ]);
        using var http = new HttpClient(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, _, _, _) => true,
        });
        await AnswersAsync(http, $"{etcd}/health");

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using var key = RSA.Create(2048);
        await File.WriteAllTextAsync(folder["accounts.pem"], key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(folder["tokens.csv"], $"{token},tests,tests,\"system:masters\"\n");
        Start(Path.Combine(assets, "kube-apiserver"),
        [
            $"--etcd-servers={etcd}", $"--secure-port={secure}", "--bind-address=127.0.0.1",
            $"--cert-dir={folder["certificates"]}", "--service-cluster-ip-range=10.0.0.0/24",
            "--allow-privileged=true", "--disable-admission-plugins=ServiceAccount", "--authorization-mode=RBAC",
            $"--token-auth-file={folder["tokens.csv"]}", $"--service-account-issuer=https://127.0.0.1:{secure}/",
            $"--service-account-key-file={folder["accounts.pem"]}",
            $"--service-account-signing-key-file={folder["accounts.pem"]}",
        ]);
        await AnswersAsync(http, $"https://127.0.0.1:{secure}/readyz");

        await File.WriteAllTextAsync(folder["kubeconfig"], $$"""
            apiVersion: v1
            kind: Config
            current-context: tests
            contexts: [{name: tests, context: {cluster: tests, user: tests} }]
            clusters:
            - name: tests
              cluster: {server: "https://127.0.0.1:{{secure}}", insecure-skip-tls-verify: true}
            users: [{name: tests, user: {token: {{token}} } }]
            """);
        // envtest has none; where one lies beside the server, namespaces end, dependents
        // follow their owners and aggregated roles fill.
        var controllers = Path.Combine(assets, "kube-controller-manager");
        if (File.Exists(controllers))
        {
            Start(controllers,
            [
                $"--kubeconfig={folder["kubeconfig"]}", "--leader-elect=false",
                "--controllers=namespace,garbagecollector,clusterrole-aggregation",
            ]);
        }
        else
        {
            Environment.SetEnvironmentVariable(RunningApi.NoControllersVariable, "true");
        }

        Environment.SetEnvironmentVariable(RunningApi.ClusterVariable, "true");
        Environment.SetEnvironmentVariable("KUBECONFIG", folder["kubeconfig"]);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(processes))
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Start(string program, IEnumerable<string> args)
    {
        var process = Process.Start(new ProcessStartInfo(program, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        // What they log is read, or they would block, and not shown.
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
    }

    private Task AnswersAsync(HttpClient http, string address) => Eventually.Passes(
        async () =>
        {
            Assert.DoesNotContain(processes, process => process.HasExited);
            using var answer = await http.GetAsync(new Uri(address));
            Assert.True(answer.IsSuccessStatusCode, $"{address}: {(int)answer.StatusCode}");
        },
        StartDeadline);
}
