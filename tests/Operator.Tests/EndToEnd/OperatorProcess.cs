// The operator as it is shipped: a program in a process of its own.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>Runs the program against a house that has no operator; killed at the end if it does not stop.</summary>
public sealed class OperatorProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(30);

    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private OperatorProcess(House house, string[] arguments)
    {
        var port = FreePort.Next();
        RoutingUri = new Uri($"http://127.0.0.1:{port}/routing");
        var program = Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Operator.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KUBECONFIG"] = house.Kubeconfig;
        start.Environment["ServiceBusConnection"] = house.Bus.Connection;
        start.Environment["ServiceBusManagementConnection"] = house.Bus.ManagementConnection;
        start.Environment["EVENTING_ROUTING_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        // As in its image.
        start.Environment["DOTNET_gcServer"] = "0";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri RoutingUri { get; }

    /// <summary>The most physical memory it had, in megabytes.</summary>
    public double PeakMegabytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64 / 1e6;
        }
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Returns when it says that it is ready.</summary>
    public static async Task<OperatorProcess> StartAsync(House house, params string[] arguments)
    {
        var started = new OperatorProcess(house, arguments);
        using var http = new HttpClient();
        await Eventually.Passes(
            async () =>
            {
                Assert.False(started._process.HasExited, started.Output);
                using var answer = await http.GetAsync(new Uri(started.RoutingUri, "/readyz"));
                Assert.True(answer.IsSuccessStatusCode, started.Output);
            },
            StartsWithin);
        return started;
    }

    /// <summary>SIGTERM, as Kubernetes ends a pod; kill -9 when it does not heed that.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var signal = Process.Start("kill", [_process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(StopsWithin);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
