// Objects in; conditions, owned objects, bus entities, routing table and events out: a folder for each case.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Golden;

/// <summary>
/// With <c>EVENTING_GOLDEN=write</c> what is seen is written to <c>expected.yaml</c> instead of being compared with it:
/// look at the difference before you commit it.
/// </summary>
public sealed class GoldenTests(GoldenHouse golden) : IClassFixture<GoldenHouse>
{
    // The same this often in a row counts as settled.
    private const int Settled = 15;
    private static readonly TimeSpan SettlesWithin = TimeSpan.FromMinutes(2);
    private static readonly bool Writes = Environment.GetEnvironmentVariable("EVENTING_GOLDEN") == "write";

    public static TheoryData<string> Cases => [.. GoldenCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Objects_OfACase_BecomeWhatItsFolderSays(string name)
    {
        var folder = new GoldenCase(name);
        if (Writes)
        {
            await File.WriteAllTextAsync(folder.ExpectedFile, await SettledAsync(folder));
            return;
        }

        var expected = await File.ReadAllTextAsync(folder.ExpectedFile);
        await Eventually.Passes(async () =>
        {
            var actual = await new Snapshot(golden.House, folder).TakeAsync();
            Assert.True(expected == actual, $"{name} is not as {folder.ExpectedFile} says (- expected, + seen):\n"
                + TextDiff.Of(expected, actual));
        });
    }

    private async Task<string> SettledAsync(GoldenCase of)
    {
        var last = "";
        var times = 0;
        await Eventually.True(
            async () =>
            {
                var now = await new Snapshot(golden.House, of).TakeAsync();
                times = now == last ? times + 1 : 0;
                last = now;
                return times >= Settled;
            },
            $"{of.Name} settles",
            SettlesWithin);
        return last;
    }
}
