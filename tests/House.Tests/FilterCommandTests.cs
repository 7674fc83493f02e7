// `eventing filter`: verdicts, reasons, rules, mistakes, and one JSON line for each JSON line.
using System.Collections.Concurrent;
using System.Text.Json;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class FilterCommandTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Expression_EventPasses_SaysSoWithTheRule()
    {
        var (code, output) = await Eventing.RunAsync(
            Limit, "filter", "--cesql", "type = 'a' AND subject LIKE 'x%'", "-a", "type=a", "-a", "subject=xy");
        Assert.Equal(0, code);
        Assert.Contains("The event passes.", output, StringComparison.Ordinal);
        Assert.Contains("cloudEvents_type = 'a' AND cloudEvents_subject LIKE 'x%'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expression_AttributeMissing_SaysWhyItDoesNotPass()
    {
        var (code, output) = await Eventing.RunAsync(Limit, "filter", "--cesql", "TRUE AND n > 3", "-a", "type=a");
        Assert.Equal(1, code);
        Assert.Contains("does not pass", output, StringComparison.Ordinal);
        Assert.Contains("at character 10: the event has no attribute \"n\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expression_Mistake_SaysWhere()
    {
        var (code, output) = await Eventing.RunAsync(Limit, "filter", "--cesql", "type = ");
        Assert.Equal(2, code);
        Assert.Contains("at character 8: expected an attribute", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_File_EachIsExplained()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["filters.yaml"], """
            - any:
              - exact: {type: a}
              - not: {prefix: {subject: x}}
            - cesql: EXISTS id
            """);
        await File.WriteAllTextAsync(
            folder["event.json"],
            """{"specversion":"1.0","id":"1","source":"/s","type":"b","subject":"xy","data":{}}""");
        var (code, output) = await Eventing.RunAsync(
            Limit, "filter", "--filters", folder["filters.yaml"], "--event", folder["event.json"]);
        Assert.Equal(1, code);
        Assert.Contains("no  exact type = \"a\": type is \"b\"", output, StringComparison.Ordinal);
        Assert.Contains("yes prefix subject starts with \"x\"", output, StringComparison.Ordinal);
        Assert.Contains("yes cesql EXISTS id", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trigger_Manifest_ItsRuleIsShown()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["trigger.yaml"], """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: t}
            spec: {broker: default, filter: {attributes: {type: a}}, subscriber: {uri: "http://localhost/"}}
            """);
        var (code, output) = await Eventing.RunAsync(Limit, "filter", "--trigger", folder["trigger.yaml"]);
        Assert.Equal(0, code);
        Assert.Contains("correlation filter: cloudEvents_type = 'a'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoFilter_IsCalledWrongly() =>
        Assert.Equal(2, (await Eventing.RunAsync(Limit, "filter", "-a", "type=a")).Code);

    [Fact]
    public async Task JsonLines_EachIsAnsweredInItsTurn()
    {
        var lines = new ConcurrentQueue<string>();
        using var process = Eventing.Start(["filter", "--stdin-jsonl"], lines.Enqueue);
        string[] questions =
        [
            """{"expression": "id = 'a'", "event": {"id": "a"}}""",
            """{"expression": "LENGTH(id)", "event": {"id": "å😀", "data": {"not": "looked at"}}}""",
            """{"expression": "n * 5", "event": {}}""",
            """{"expression": "id = ", "event": {"id": "a"}}""",
            """{"filters": [{"exact": {"n": "5"}}], "event": {"n": 5}}""",
            """{"filters": [{"cesql": "id ="}], "event": {}}""",
            "no JSON",
        ];
        foreach (var question in questions)
        {
            await process.StandardInput.WriteLineAsync(question);
        }

        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Eventually.True(() => lines.Count == questions.Length, "an answer a line");
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        var answers = lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            [true, false, false, false, true, false, false],
            answers.Select(answer => answer.GetProperty("pass").GetBoolean()));
        Assert.Equal("true", answers[0].GetProperty("result").GetRawText());
        Assert.Equal(JsonValueKind.Null, answers[0].GetProperty("error").ValueKind);
        Assert.Equal(2, answers[1].GetProperty("result").GetInt32());
        Assert.Equal(0, answers[2].GetProperty("result").GetInt32());
        Assert.Contains("\"n\"", answers[2].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("character 6", answers[3].GetProperty("parseError").GetString(), StringComparison.Ordinal);
        Assert.Contains("filters[0].cesql", answers[5].GetProperty("parseError").GetString(), StringComparison.Ordinal);
        Assert.False(answers[6].TryGetProperty("parseError", out _));
        Assert.Contains("JSON", answers[6].GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}
