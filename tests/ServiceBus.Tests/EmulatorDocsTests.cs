// The samples of docs/emulator.md: JavaScript's is run; each of the others has the right connection string.
using System.Globalization;
using System.Text.RegularExpressions;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed partial class EmulatorDocsTests
{
    [Fact]
    public async Task Sample_OfJavaScript_Runs()
    {
        var project = new NodeProject("js-servicebus");
        await project.Install();
        await using var house = await StartAsync();
        var sample = Samples().Single(sample => sample.Language == "javascript").Text;

        var printed = await project.ScriptOf(sample.Replace(":5672", $":{house.Emulator.AmqpPort}"));

        Assert.Equal(["hello"], printed);
    }

    [Theory]
    [InlineData("csharp")]
    [InlineData("javascript")]
    [InlineData("java")]
    [InlineData("python")]
    [InlineData("go")]
    public async Task Sample_OfEachLanguage_HasTheEmulatorsString(string language)
    {
        await using var house = await StartAsync();
        var text = Samples().Single(sample => sample.Language == language
            && sample.Text.Contains("Endpoint=", StringComparison.Ordinal)).Text;
        var documented = ConnectionString().Match(text).Value;
        var port = house.Emulator.AmqpPort.ToString(CultureInfo.InvariantCulture);

        Assert.Equal(house.Emulator.ConnectionString.Replace($":{port};", ":5672;"), documented);
        Assert.Equal(5672, ServiceBusConnectionStringProperties.Parse(documented).AmqpPort);
        Assert.Equal(5300, ServiceBusConnectionStringProperties.Parse(documented).ManagementEndpoint.Port);
    }

    private static async Task<House> StartAsync()
    {
        var folder = new TempFolder();
        var emulator = await ServiceBusEmulator.StartAsync(new() { DataFolder = folder.Path }, CancellationToken.None);
        await new ServiceBusAdministrationClient(emulator.ManagementConnectionString).CreateQueueAsync("orders");
        return new(folder, emulator);
    }

    private static IEnumerable<(string Language, string Text)> Samples()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ServerlessEventing.sln")))
        {
            root = root.Parent!;
        }

        return Fence().Matches(File.ReadAllText(Path.Combine(root.FullName, "docs", "emulator.md")))
            .Select(match => (match.Groups["language"].Value, match.Groups["text"].Value));
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("Endpoint=[^\"]+")]
    private static partial Regex ConnectionString();

    private sealed record House(TempFolder Folder, ServiceBusEmulator Emulator) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Emulator.DisposeAsync();
            Folder.Dispose();
        }
    }
}
