// `eventing cron next`: times, mistakes with a mark under them, and one JSON line for each JSON line.
using System.Collections.Concurrent;
using System.Text.Json;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class CronCommandTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Schedule_InAZone_ShowsItsTimesOnBothClocks()
    {
        var (code, output) = await Eventing.RunAsync(
            Limit, "cron", "next", "--schedule", "30 2 * * *", "--timezone", "America/New_York",
            "--from", "2024-03-09T12:00:00Z", "--count", "2");
        Assert.Equal(0, code);
        Assert.Equal(
            [
                "2024-03-11T06:30:00Z  Mon 2024-03-11 02:30:00 -04:00",
                "2024-03-12T06:30:00Z  Tue 2024-03-12 02:30:00 -04:00",
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Schedule_Mistake_IsMarked()
    {
        var (code, output) = await Eventing.RunAsync(Limit, "cron", "next", "--schedule", "0 0 * * 7");
        Assert.Equal(2, code);
        Assert.Contains(
            "end of range (7) above maximum (6): 7 (day of week, at character 9)\n  0 0 * * 7\n          ^",
            output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schedule_ThatNeverFires_SaysSo()
    {
        var (code, output) = await Eventing.RunAsync(Limit, "cron", "next", "--schedule", "0 0 30 2 *");
        Assert.Equal(0, code);
        Assert.Contains("never", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonLines_EachIsAnswered()
    {
        var lines = new ConcurrentQueue<string>();
        using var process = Eventing.Start(["cron", "next", "--stdin-jsonl"], lines.Enqueue);
        string[] questions =
        [
            """{"schedule": "0 6 * * *", "timezone": "Europe/Paris", "from": "2024-02-27T23:59:58Z"}""",
            """{"schedule": "@every 1h"}""",
            """{"schedule": "* * * * *", "from": "yesterday"}""",
            """{"timezone": "UTC"}""",
            "no JSON",
        ];
        foreach (var question in questions)
        {
            await process.StandardInput.WriteLineAsync(question);
        }

        process.StandardInput.Close();
        await Eventually.True(() => lines.Count == questions.Length, "an answer a line");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var answers = lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            [true, false, false, false, false], answers.Select(answer => answer.GetProperty("valid").GetBoolean()));
        Assert.Equal(6, answers[0].GetProperty("next").GetArrayLength());
        Assert.Equal("2024-02-28T05:00:00Z", answers[0].GetProperty("next")[0].GetString());
        Assert.Equal(JsonValueKind.Null, answers[0].GetProperty("error").ValueKind);
        Assert.Equal("unsupported descriptor @every", answers[1].GetProperty("error").GetString());
        Assert.All(answers.Skip(1), answer => Assert.NotEmpty(answer.GetProperty("error").GetString()!));
    }
}
