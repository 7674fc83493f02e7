// Every schedule of the conformance table: taken or refused as robfig/cron does, and the same times.
using System.Globalization;
using System.Text.Json;
using ServerlessEventing.Contract.Cron;

namespace ServerlessEventing.Contract.Tests.Cron;

public sealed class ConformanceTests
{
    private static readonly JsonElement[] All = [.. JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "conformance", "cron", "examples.json")))
        .RootElement.GetProperty("cases").EnumerateArray()];

    public static TheoryData<int, string, string> Cases
    {
        get
        {
            var cases = new TheoryData<int, string, string>();
            for (var i = 0; i < All.Length; i++)
            {
                cases.Add(i, Text(All[i], "schedule"), Text(All[i], "timezone"));
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Schedule_OfTheTable_IsReadAndFiresAsThere(int number, string schedule, string timeZone)
    {
        var expected = All[number];
        var valid = CronSchedule.TryParse(schedule, timeZone, CronDialect.PingSource, out var cron, out var fault);

        Assert.Equal(expected.GetProperty("valid").GetBoolean(), valid);
        if (!valid)
        {
            Assert.Equal(Text(expected, "error"), fault!.Message);
            Assert.InRange(fault.Position, 0, schedule.Length);
            return;
        }

        var at = DateTimeOffset.Parse(Text(expected, "from"), CultureInfo.InvariantCulture);
        foreach (var time in expected.GetProperty("next").EnumerateArray())
        {
            var next = cron!.Next(at);
            Assert.Equal(time.GetString(), next?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            at = next!.Value;
        }

        if (expected.GetProperty("next").GetArrayLength() == 0)
        {
            Assert.Null(cron!.Next(at));
        }
    }

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetString()! : "";
}
