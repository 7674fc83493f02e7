// Addresses that are never called, by number and by name.
using System.Net;
using ServerlessEventing.Functions.Delivery;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class EgressSafetyTests
{
    [Theory]
    [InlineData("http://169.254.169.254/metadata", false)]
    [InlineData("http://[fe80::1]/", false)]
    [InlineData("http://[::ffff:169.254.169.254]/", false)]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/", false)]
    [InlineData("http://168.63.129.16/", false)]
    [InlineData("http://0xA9FEA9FE/", false)]
    [InlineData("http://2852039166/", false)]
    [InlineData("http://127.0.0.1/", false)]
    [InlineData("http://0.0.0.0/", false)]
    [InlineData("http://[::1]/", false)]
    [InlineData("http://[::]/", false)]
    [InlineData("http://224.0.0.1/", false)]
    [InlineData("http://169.254.7.7/", true)]
    [InlineData("http://10.0.0.1/", true)]
    [InlineData("http://192.168.1.1/", true)]
    [InlineData("http://8.8.8.8/", true)]
    [InlineData("http://subscriber.ns.svc.cluster.local/", true)]
    public void Allows_Address_AsItsNetworkSays(string address, bool allowed)
    {
        var safety = new EgressSafety(allowLoopback: false, [IPNetwork.Parse("169.254.7.0/24")]);
        Assert.Equal(allowed, safety.Allows(new Uri(address)));
    }

    [Fact]
    public void Allows_Loopback_WhereItIsAllowed()
    {
        var safety = new EgressSafety(allowLoopback: true, []);
        Assert.True(safety.Allows(IPAddress.Loopback));
        Assert.True(safety.Allows(IPAddress.IPv6Loopback));
        Assert.False(safety.Allows(IPAddress.Parse("169.254.169.254")));
    }

    [Fact]
    public async Task Connect_NameOfARefusedAddress_SaysWhatItIs()
    {
        var safety = new EgressSafety(allowLoopback: false, []);
        var refused = await Assert.ThrowsAsync<HttpRequestException>(
            async () => await safety.ConnectAsync(new("localhost", 80), CancellationToken.None));
        Assert.Contains("localhost is at ", refused.Message, StringComparison.Ordinal);
    }
}
