// The main job as a user runs it.
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class DemoTests
{
    /// <summary>Each wait of the demo has an end of its own and says what it waited for; this is for a hang.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    [Theory]
    [InlineData("host")]
    [InlineData("pump")]
    public async Task Demo_DeliversEverything_AndLeavesNothing(string door)
    {
        Assert.SkipUnless(
            LongRun.Asked, "CI plays the host door as its main job: set EVENTING_LONG=1 to run both here.");
        var before = DemoFolders();
        var (code, output) = await Eventing.RunAsync(
            Limit, "demo", "--door", door, "--port-offset", $"{Eventing.FreeOffset()}");

        Assert.True(code == 0, output);
        Assert.Contains("delivered 27 of 27", output, StringComparison.Ordinal);
        Assert.Contains("web-1.started              in event-display after", output, StringComparison.Ordinal);
        Assert.Contains("audit-1", output, StringComparison.Ordinal);
        Assert.Empty(DemoFolders().Except(before));
    }

    [Fact]
    public async Task Demo_PortTaken_SaysWhichAndHowToMoveIt()
    {
        var offset = Eventing.FreeOffset();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 5672 + offset);
        taken.Start();

        var (code, output) = await Eventing.RunAsync(Limit, "demo", "--port-offset", $"{offset}");

        Assert.Equal(1, code);
        Assert.Contains($"port {5672 + offset} for Service Bus (AMQP)", output, StringComparison.Ordinal);
        Assert.Contains("--port-offset", output, StringComparison.Ordinal);
    }

    private static HashSet<string> DemoFolders() =>
        [.. Directory.EnumerateDirectories(Path.GetTempPath(), "eventing-demo-*")];
}
