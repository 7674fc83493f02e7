// The formats of strings, each with what fits and what does not.
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Tests.Units;

public sealed class TextFormatTests
{
    [Theory]
    [InlineData("date-time", "2026-11-23T13:58:09Z", "2026-11-23")]
    [InlineData("date-time", "2026-11-23t13:58:09.123+01:00", "2026-13-23T13:58:09Z")]
    [InlineData("date", "2026-11-23", "23.11.2026")]
    [InlineData("duration", "1h30m", "an hour")]
    [InlineData("duration", "22 ms", "22 moons")]
    [InlineData("byte", "aGk=", "aGk")]
    [InlineData("ipv4", "10.0.0.1", "10.1")]
    [InlineData("ipv6", "::1", "10.0.0.1")]
    [InlineData("cidr", "10.0.0.0/8", "10.0.0.0/40")]
    [InlineData("mac", "01:23:45:67:89:ab", "01:23:45:67:89")]
    [InlineData("uuid", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff")]
    [InlineData("uuid4", "6f9619ff-8b86-4011-b42d-00c04fc964ff", "6f9619ff-8b86-1011-b42d-00c04fc964ff")]
    [InlineData("hostname", "a.example.com", "a_b")]
    [InlineData("email", "a@example.com", "a at example.com")]
    [InlineData("uri", "https://example.com/a", "example")]
    public void Fits_TellsRightFromWrong(string format, string right, string wrong)
    {
        Assert.True(TextFormats.Fits(format, right));
        Assert.False(TextFormats.Fits(format, wrong));
    }

    [Fact]
    public void Fits_UnknownFormat_SaysNothingOfTheValue() => Assert.True(TextFormats.Fits("colour", "mauve"));
}
