// Timer functions end to end: what the handler is told, and what is remembered between runs of the host.
using System.Text.Json;
using ServerlessEventing.Local.FunctionsHost.Timers;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class TimerTests
{
    [Fact]
    public async Task FastTimer_Fires_WithoutStatus_ByTheRecordedHeaders()
    {
        using var app = new SampleApp().Timer("Tick", "* * * * * *");
        await using var host = await app.StartAsync();
        await Eventually.True(() => app.Requests.Count >= 2, "two ticks");

        var recorded = Capture.Read("http_default_mode.log").First(capture => capture.RequestLine == "POST /Tick");
        var got = app.Requests[0];
        Assert.Equal(("POST", "/Tick"), (got.Method, got.Target));
        Assert.Equal(recorded.HeaderNames.Order(), got.Headers.Keys.Order());
        string[] same = ["User-Agent", "Content-Type", "Transfer-Encoding", "X-Azure-Functions-HostVersion"];
        foreach (var name in same)
        {
            Assert.Contains($"{name}: {got.Headers[name]}", recorded.Headers);
        }

        Assert.StartsWith(
            """
            {"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},"Metadata":
            """,
            got.Text);
        Assert.True(app.Logs.Has("Tick: a line of the function"));
        Assert.False(Directory.Exists(app["timers"]));
    }

    [Fact]
    public async Task MonitoredTimer_MissedWhileDown_RunsOncePastDue_AndRemembers()
    {
        using var app = new SampleApp().Timer("Hourly", "0 0 * * * *");
        var now = TimeProvider.System.GetUtcNow();
        Directory.CreateDirectory(app["timers"]);
        var missed = new ScheduleStatus(now.AddHours(-5), now.AddHours(-4), now.AddHours(-5));
        await File.WriteAllBytesAsync(
            Path.Combine(app["timers"], "Hourly.json"), JsonSerializer.SerializeToUtf8Bytes(missed));
        await using (var host = await app.StartAsync())
        {
            await Eventually.True(() => app.Requests.Count == 1, "one run");
            await Eventually.True(() => Stored(app).Last >= now, "the run is remembered");
        }

        using var told = JsonDocument.Parse(app.Requests[0].Body);
        var timer = told.RootElement.GetProperty("Data").GetProperty("timer");
        Assert.True(timer.GetProperty("IsPastDue").GetBoolean());
        Assert.Equal(missed.Next, timer.GetProperty("ScheduleStatus").GetProperty("Next").GetDateTimeOffset());
        Assert.True(Stored(app).Next > now);
    }

    [Fact]
    public async Task FailingTimer_WithRetries_KeepsItsInvocationId()
    {
        using var app = new SampleApp().Timer("Fail", "0 0 0 1 1 *", "\"runOnStartup\": true",
            """ "retry": { "strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:00.05" } """);
        await using var host = await app.StartAsync();
        await Eventually.True(() => app.Requests.Count == 3, "one run and two retries");

        Assert.Single(app.Requests.Select(request => request.Headers["X-Azure-Functions-InvocationId"]).Distinct());
        Assert.Contains("""
            "RetryContext":{"RetryCount":0,"MaxRetryCount":2,"Exception":null,"Instance":null,"State":{}}
            """, app.Requests[0].Text);
        Assert.Contains("\"RetryCount\":2", app.Requests[2].Text);
        Assert.Contains("the handler answered 500", app.Requests[2].Text);
        Assert.Contains("\"Last\":\"0001-01-01T00:00:00+00:00\"", app.Requests[0].Text);
    }

    private static ScheduleStatus Stored(SampleApp app) =>
        JsonSerializer.Deserialize<ScheduleStatus>(File.ReadAllBytes(Path.Combine(app["timers"], "Hourly.json")))!;
}
