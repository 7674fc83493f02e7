// The handler's life: waited for, started anew, given up on, and never left behind.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class HandlerTests
{
    [Fact]
    public async Task Request_BeforeTheHandlerListens_IsHeldAndAnswered()
    {
        using var app = new SampleApp("--gate").Http("Any", "x");
        await using var host = await app.StartAsync();
        using var http = Client(host);
        var answer = http.GetAsync("/api/x");
        await Eventually.True(() => app.Starts.Count == 1, "the handler starts");
        Assert.False(host.Ready.IsCompleted);
        Assert.False(answer.IsCompleted);

        await File.WriteAllTextAsync(app["gate"], "");
        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        await host.Ready;
    }

    [Fact]
    public async Task Crash_IsFollowedByANewProcess_ThatServes()
    {
        using var app = new SampleApp().Http("Any", "{*path}");
        app.WriteHostJson([], "\"extensions\": { \"http\": { \"routePrefix\": \"\" } }");
        await using var host = await app.StartAsync();
        using var http = Client(host);
        await host.Ready;
        var first = host.HandlerProcessId;

        var crashed = (await http.GetAsync("/Crash")).StatusCode;
        Assert.True(crashed == HttpStatusCode.BadGateway, $"{crashed}\n{app.Logs}");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/after")).StatusCode);
        Assert.NotEqual(first, host.HandlerProcessId);
        Assert.False(host.Fatal.IsCompleted);
        Assert.True(app.Logs.Has("exit code 42"));
    }

    [Fact]
    public async Task ThirdCrash_WithinHalfAnHour_StopsTheHost()
    {
        using var app = new SampleApp("--exit", "3").Http("Any", "x");
        await using var host = await app.StartAsync();
        var reason = await host.Fatal.WaitAsync(Eventually.DefaultDeadline);
        Assert.Contains("exit code 3", reason);
        Assert.Contains("third", reason);
        Assert.Equal(3, app.Starts.Count);
        using var http = Client(host);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/api/x")).StatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Ready);
    }

    [Fact]
    public async Task ExitCode200_IsARestartAskedFor_NotACrash()
    {
        using var app = new SampleApp().Http("Any", "{*path}");
        app.WriteHostJson([], "\"extensions\": { \"http\": { \"routePrefix\": \"\" } }");
        await using var host = await app.StartAsync();
        using var http = Client(host);
        for (var i = 1; i <= 4; i++)
        {
            var starts = i;
            Assert.Equal(HttpStatusCode.BadGateway, (await http.GetAsync("/Recycle")).StatusCode);
            await Eventually.True(() => app.Starts.Count > starts, "the handler starts anew");
        }

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/after")).StatusCode);
        Assert.False(host.Fatal.IsCompleted);
    }

    [Fact]
    public async Task Handler_ThatNeverListens_IsStartedAnew()
    {
        using var app = new SampleApp().Http("Any", "x");
        app.WriteHostJson(["--deaf"], handler: "\"initializationTimeout\": \"00:00:00.3\"");
        await using var host = await app.StartAsync();
        await Eventually.True(() => app.Starts.Count >= 2, "a second start");
        Assert.True(app.Logs.Has("did not answer GET /"));
    }

    [Fact]
    public async Task Stop_EndsAHandlerThatIgnoresItsStdin()
    {
        using var app = new SampleApp("--ignore-stdin").Http("Any", "x");
        var host = await app.StartAsync();
        await host.Ready;
        var process = host.HandlerProcessId!.Value;
        await host.DisposeAsync();
        Assert.False(IsRunning(process));
    }

    [Fact]
    public async Task Host_KilledOutright_TakesTheHandlerWithIt()
    {
        using var app = new SampleApp().Http("Any", "x");
        using var host = Process.Start(new ProcessStartInfo(SampleApp.Executable, ["host", app.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await Eventually.True(() => app.Starts.Count == 1, "the handler starts");
        var handler = app.Starts[0].ProcessId;
        Assert.True(IsRunning(handler));

        host.Kill(entireProcessTree: false);
        await host.WaitForExitAsync();
        await Eventually.True(() => !IsRunning(handler), "the handler ends with its host");
    }

    [Fact]
    public async Task Port_ThatIsTaken_IsNamed()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var app = new SampleApp().Http("Any", "x");
        var refused = await Assert.ThrowsAsync<FunctionsHostStartException>(
            () => FunctionsHost.StartAsync(app.Options() with { Port = port }));
        Assert.Equal(FunctionsHostStartFailure.PortTaken, refused.Failure);
        Assert.Equal(port, refused.Port);
        Assert.Contains(port.ToString(), refused.Message);
        Assert.Empty(app.Starts);
    }

    [Fact]
    public async Task Handler_ThatDoesNotExist_IsNamed()
    {
        using var app = new SampleApp().Http("Any", "x");
        var refused = await Assert.ThrowsAsync<FunctionsHostStartException>(
            () => FunctionsHost.StartAsync(app.Options() with { HandlerExecutable = "no-such-handler" }));
        Assert.Equal(FunctionsHostStartFailure.HandlerNotStarted, refused.Failure);
        Assert.Contains("no-such-handler", refused.Message);
    }

    [Fact]
    public async Task GivenExecutable_ReplacesTheOneOfHostJson()
    {
        using var app = new SampleApp("--exit", "9").Http("Any", "x");
        await using var host = await FunctionsHost.StartAsync(app.Options() with
        {
            HandlerExecutable = SampleApp.Executable,
            HandlerArguments = ["handler", "--mine"],
        });
        await host.Ready;
        Assert.Equal(["--mine"], app.Starts[0].Arguments);
    }

    private static bool IsRunning(int id)
    {
        // A killed child stays as a zombie until it is reaped; it no longer runs.
        var status = $"/proc/{id}/stat";
        try
        {
            return File.Exists(status) && !File.ReadAllText(status).Split(") ")[^1].StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static HttpClient Client(FunctionsHost host) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{host.Port}") };
}
