// `eventing send`: from the command line and from a file, and what it says of the answers.
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Sending;
using ServerlessEventing.Cli.Subscribers;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class SendCommandTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("binary")]
    [InlineData("structured")]
    public async Task Count_WithRepeat_SendsEachWithItsId(string mode)
    {
        var printed = new List<string>();
        await using var display = await DisplayAsync(printed);

        var (code, output) = await Eventing.RunAsync(
            Limit, "send", "--url", $"http://127.0.0.1:{display.Port}/", "--id", "x", "--count", "2", "--repeat", "2",
            "--mode", mode, "-a", "note=100% \"ü\"", "--data", "{\"n\": 1}");

        Assert.True(code == 0, output);
        Assert.Equal(4, printed.Count);
        Assert.Equal(2, printed.Count(text => text.Contains("  id: x-1\n", StringComparison.Ordinal)));
        Assert.All(printed, text => Assert.Contains("  note: 100% \"ü\"\n", text, StringComparison.Ordinal));
        Assert.All(printed, text => Assert.Contains("  \"n\": 1", text, StringComparison.Ordinal));
        Assert.Contains("x-2 202", output, StringComparison.Ordinal);
        Assert.Contains("sent 4 in ", output, StringComparison.Ordinal);
        Assert.Contains(": 4 × 202; half answered in ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_OfObjectsAndArrays_IsSent_AndCompleted()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(
            folder["events.json"],
            """
            {"id": "a", "type": "own", "source": "/own", "datacontenttype": "text/plain", "data": "plain words"}
            [{"id": "b"}, {"data_base64": "AAEC", "datacontenttype": "application/octet-stream"}]
            """,
            TestContext.Current.CancellationToken);
        var printed = new List<string>();
        await using var display = await DisplayAsync(printed);

        var (code, output) = await Eventing.RunAsync(
            Limit, "send", "--url", $"http://127.0.0.1:{display.Port}/", "--event", folder["events.json"],
            "--type", "usual", "--rate", "50");

        Assert.True(code == 0, output);
        Assert.Contains("sent 3 in ", output, StringComparison.Ordinal);
        Assert.Contains("  type: own\n  source: /own\n", printed[0], StringComparison.Ordinal);
        Assert.EndsWith("Data,\n  plain words", printed[0], StringComparison.Ordinal);
        Assert.Contains("  type: usual\n  source: /eventing/send\n  id: b", printed[1], StringComparison.Ordinal);
        Assert.Contains("  id: ", printed[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_AreShown_AndEndInFailure()
    {
        await using var display = await DisplayAsync([], 503, 202);

        var (code, output) = await Eventing.RunAsync(
            Limit, "send", "--url", $"http://127.0.0.1:{display.Port}/", "--id", "x", "--repeat", "2");

        Assert.Equal(1, code);
        Assert.Contains("x 503 event-display was told to answer 503.", output, StringComparison.Ordinal);
        Assert.Contains("1 × 202, 1 × 503", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--event: no file nowhere", "--event", "nowhere")]
    [InlineData("--id does not go with --event", "--event", "-", "--id", "x")]
    [InlineData("--rate: must be above 0", "--rate", "0")]
    [InlineData("--batch: must be from 1 to 1000", "--batch", "0")]
    [InlineData("--data: not JSON", "--data", "words")]
    [InlineData("is not an http address", "--url", "ftp://x")]
    [InlineData("--port-offset does not go with --url", "--url", "http://x", "--port-offset", "1")]
    [InlineData("Is the house up (eventing up)?", "--port-offset", "58000")]
    public async Task Options_Wrong_AreToldInOneLine(string expected, params string[] args)
    {
        var (code, output) = await Eventing.RunAsync(Limit, ["send", .. args]);

        Assert.Equal(1, code);
        Assert.StartsWith("eventing: ", output, StringComparison.Ordinal);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bar_GrowsToItsEnd()
    {
        Assert.Equal($"[{new string('█', 10)}{new string('·', 30)}] 25 of 100", ProgressBar.Text(25, 100));
        Assert.Equal($"[{new string('█', 40)}] 100 of 100", ProgressBar.Text(100, 100));
        Assert.Equal("7 sent", ProgressBar.Text(7, null));
    }

    [Fact]
    public void CountTimesRepeat_BeyondAnInt_HasItsBar()
    {
        var most = new SendOptions { Url = new("http://localhost"), Total = 100_000_000, Repeat = 1_000_000 }.Sends;

        Assert.Equal(100_000_000_000_000, most);
        Assert.Equal(
            $"[{new string('█', 20)}{new string('·', 20)}] 50000000000000 of 100000000000000",
            ProgressBar.Text(50_000_000_000_000, most));
    }

    private static Task<EventDisplay> DisplayAsync(List<string> printed, params int[] answers) =>
        EventDisplay.StartAsync(
            new EventDisplayOptions { Answers = answers.Length == 0 ? [EventDisplayOptions.Accepted] : answers },
            printed.Add,
            TimeProvider.System,
            CancellationToken.None);
}
