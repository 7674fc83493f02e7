// docs/walkthrough.md as a reader would follow it, and how long a Kubernetes Event takes to event-display.
using System.Diagnostics;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class WalkthroughTests
{
    [Fact]
    public async Task Page_EveryCommand_PrintsWhatItSays()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "walkthrough"));

        var commands = new DocumentedCommands(house);
        Assert.Equal(20, await commands.RunAsync("docs/walkthrough.md"));

        // The script plays the same page.
        var kubectl = new Kubectl(house);
        await kubectl.RunAsync("delete", "event", "web-1.started");
        var played = await commands.ShellAsync(
            $"PORT_OFFSET={house.Offset} sh '{Repository.File("samples/walkthrough/play.sh")}'");
        Assert.Equal(20, played.Split("\n$ ").Length - 1);
        Assert.Contains("event/web-1.started created", played, StringComparison.Ordinal);
        Assert.Contains("id: by-hand", played, StringComparison.Ordinal);

        // Within two seconds, said of a machine that has nothing else to do: the quickest of five.
        var quickest = TimeSpan.MaxValue;
        for (var n = 1; n <= 5 && quickest > TimeSpan.FromSeconds(2); n++)
        {
            var name = $"timed.{n}";
            var watch = Stopwatch.StartNew();
            await kubectl.ApplyAsync($$"""
                {"apiVersion":"v1","kind":"Event","metadata":{"name":"{{name}}","namespace":"default"},
                 "involvedObject":{"kind":"Pod","name":"web-1","namespace":"default"},"reason":"Started"}
                """);
            await Eventually.True(
                () => house.Output.Contains($"/namespaces/default/events/{name}", StringComparison.Ordinal), name);
            quickest = watch.Elapsed < quickest ? watch.Elapsed : quickest;
        }

        Assert.InRange(quickest, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }
}
