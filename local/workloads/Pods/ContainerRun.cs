// Keeps one container of a Pod running: starts its command, watches it, starts it again when it ends.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;
using ServerlessEventing.Local.Workloads.Processes;

namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>
/// <code>
///   ┌► 1 port, environment, command ─► 2 process ─► 3 ready when it answers ─► 4 it ended
///   └────────────── 5 CrashLoopBackOff: 1 s, 2 s, 4 s … 1 min ◄──────────────────────┘
/// </code>
/// Until disposed: then SIGTERM, and terminationGracePeriodSeconds to finish what it holds. What stands in its way (a
/// ConfigMap that is missing) is tried again at the same pace.
/// </summary>
internal sealed class ContainerRun : IAsyncDisposable
{
    private const int UsualGraceSeconds = 30;

    private readonly JsonObject pod;
    private readonly JsonObject container;
    private readonly LocalImage image;
    private readonly PodParts parts;
    private readonly ReadinessProbe probe;
    private readonly TimeSpan grace;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;
    private volatile ContainerState state = ContainerState.Creating;
    private volatile OutputLog log = new();
    private volatile OutputLog? previousLog;
    private volatile int port = LocalPort.Find();

    public ContainerRun(JsonObject pod, JsonObject container, LocalImage image, PodParts parts)
    {
        this.pod = pod;
        this.container = container;
        this.image = image;
        this.parts = parts;
        probe = new ReadinessProbe(container, parts.Probes);
        grace = TimeSpan.FromSeconds(pod.Number("spec", "terminationGracePeriodSeconds") ?? UsualGraceSeconds);
        loop = Task.Run(LoopAsync);
    }

    public string Name => container.Text("name") ?? "";

    public string Image => container.Text("image") ?? "";

    public bool Listens => image.Listens;

    /// <summary>The container's spec.</summary>
    public JsonObject Spec => container;

    /// <summary>The loopback port it serves.</summary>
    public int Port => port;

    public ContainerState State => state;

    /// <summary>What the present run wrote, or the one before; null where there is none.</summary>
    public OutputLog? Log(bool previous) => previous ? previousLog : log;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop;
        stopping.Dispose();
    }

    private async Task LoopAsync()
    {
        var backoff = new CrashBackoff();
        try
        {
            while (true)
            {
                var since = parts.Time.GetTimestamp();
                var waiting = await RunAsync(stopping.Token);
                var wait = backoff.After(parts.Time.GetElapsedTime(since));
                Become(state with
                {
                    Waiting = waiting ?? new Waiting(
                        "CrashLoopBackOff", $"back-off {wait.TotalSeconds:0}s restarting container {Name}"),
                    Ready = false,
                    ProcessId = null,
                });
                await Task.Delay(wait, parts.Time, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            log.Complete();
        }
    }

    // One run from start to end; returns why there was none.
    private async Task<Waiting?> RunAsync(CancellationToken cancellationToken)
    {
        // :: 1: what it runs with
        if (!LocalPort.IsFree(port))
        {
            port = LocalPort.Find();
        }

        var command = image.Command(new ContainerPlace(
            pod.Namespace(), parts.Deployment, pod.Name(), Name, port)
        {
            ServiceAccount = PodFields.Read(pod, "spec.serviceAccountName")!,
        });
        var (variables, problem) = await EnvironmentAsync(command.Environment, cancellationToken);
        if (problem is not null)
        {
            return new Waiting("CreateContainerConfigError", problem);
        }

        var environment = Merged(parts.Machine, variables, command.Environment);
        environment["PORT"] = $"{port}";
        environment["HOSTNAME"] = pod.Name();

        // :: 2: the process
        if (state.Last is not null)
        {
            previousLog = log;
            log = new OutputLog();
        }

        var (started, refused) = ChildProcess.Start(
            command.Executable, [.. command.Arguments, .. Arguments(variables)], environment, Write);
        if (started is null)
        {
            return new Waiting("RunContainerError", refused);
        }

        await using var child = started;
        await WatchAsync(child, cancellationToken);
        return null;
    }

    private async Task WatchAsync(ChildProcess child, CancellationToken cancellationToken)
    {
        var startedAt = parts.Time.GetUtcNow();
        Become(state with { Waiting = null, StartedAt = startedAt, ProcessId = child.Id, Ready = !Listens });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // :: 3: ready
        var readiness = Listens ? WatchReadinessAsync(ended.Token) : Task.CompletedTask;
        try
        {
            // :: 4: the end
            var code = await child.Exited.WaitAsync(cancellationToken);
            Become(state with
            {
                Ready = false,
                Restarts = state.Restarts + 1,
                Last = new Termination(code, startedAt, parts.Time.GetUtcNow(), log.Last()),
            });
            log.Complete();
        }
        finally
        {
            await ended.CancelAsync();
            await readiness;
            // Nobody is sent to it any more: what it holds it may finish.
            await child.DrainAsync(grace, parts.Hurry);
        }
    }

    private async Task WatchReadinessAsync(CancellationToken cancellationToken)
    {
        var failures = 0L;
        try
        {
            while (true)
            {
                var ready = await probe.AskAsync(port, cancellationToken);
                failures = ready ? 0 : failures + 1;
                if (ready != state.Ready && (ready || failures >= probe.Failures))
                {
                    Become(state with { Ready = ready });
                }

                if (state.Ready && probe.Period is null)
                {
                    return;
                }

                await Task.Delay(
                    state.Ready ? probe.Period!.Value : ReadinessProbe.FirstPeriod, parts.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }

    private async Task<(IReadOnlyDictionary<string, string> Variables, string? Problem)> EnvironmentAsync(
        IReadOnlyDictionary<string, string> given, CancellationToken cancellationToken)
    {
        try
        {
            return await parts.Environment.ReadAsync(pod, container, given, cancellationToken);
        }
        catch (HttpRequestException lost)
        {
            return (new Dictionary<string, string>(), lost.Message);
        }
    }

    // The table's program stands for the image's, so a `command` names that program and adds its own arguments.
    private IEnumerable<string> Arguments(IReadOnlyDictionary<string, string> variables) =>
        container.Texts("command").Skip(1).Concat(container.Texts("args"))
            .Select(text => VariableExpansion.Expand(text, variables));

    private static Dictionary<string, string> Merged(params IReadOnlyDictionary<string, string>[] layers)
    {
        var merged = new Dictionary<string, string>();
        foreach (var (name, value) in layers.SelectMany(layer => layer))
        {
            merged[name] = value;
        }

        return merged;
    }

    private void Write(string text)
    {
        log.Append(new LoggedLine(parts.Time.GetUtcNow(), text));
        parts.Output(new OutputLine(pod.Namespace(), parts.Deployment, pod.Name(), text));
    }

    private void Become(ContainerState next)
    {
        state = next;
        parts.Changed();
    }
}
