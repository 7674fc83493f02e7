// Tests of ULIDs and of ids that repeat with the step they stand for.
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Functions.Publishing;

namespace ServerlessEventing.Functions.Tests.Publishing;

public sealed class IdTests
{
    [Fact]
    public void Ulid_Later_SortsAfter()
    {
        var time = new FakeTimeProvider(new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var first = Ulid.New(time);
        time.Advance(TimeSpan.FromMilliseconds(1));
        var second = Ulid.New(time);
        Assert.Equal(26, first.Length);
        Assert.True(string.CompareOrdinal(first, second) < 0);
        Assert.Equal("01", first[..2]);
    }

    [Fact]
    public void Ulid_KnownTime_HasTheSpecsFirstTenCharacters()
    {
        // The example of github.com/ulid/spec.
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1469918176385));
        Assert.StartsWith("01ARYZ6S41", Ulid.New(time), StringComparison.Ordinal);
    }

    [Fact]
    public void MessageId_SameStep_IsTheSame() => Assert.Equal(Id("lane", 1, "again", 0), Id("lane", 1, "again", 0));

    [Fact]
    public void MessageId_AnyPartDiffers_Differs()
    {
        string[] ids =
        [
            Id("lane", 1, "again", 0), Id("lane2", 1, "again", 0), Id("lane", 2, "again", 0),
            Id("lane", 1, "reply", 0), Id("lane", 1, "again", 1), MessageIds.Of("lane", 1, "again", 0, "other"),
            MessageIds.Of("lane", 1, "again", 0, null),
        ];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(52, id.Length));
    }

    [Fact]
    public void Base32_Bytes_AreReadableAndPadded()
    {
        Assert.Equal("", Base32.Encode([]));
        Assert.Equal("ZW", Base32.Encode([0xFF]));
        Assert.Equal("00000000", Base32.Encode(new byte[5]));
        Assert.Equal(52, Base32.Encode(SHA256.HashData([])).Length);
    }

    private static string Id(string lane, long number, string step, int attempt) =>
        MessageIds.Of(lane, number, step, attempt, "01ARYZ6S41TSV4RRFFQ69G5FAV");
}
