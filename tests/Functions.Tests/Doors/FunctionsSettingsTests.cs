// A wrong setting is named, with how to mend it; right ones are read.
using System.Net;
using Microsoft.Extensions.Configuration;
using ServerlessEventing.Functions.Doors;

namespace ServerlessEventing.Functions.Tests.Doors;

public sealed class FunctionsSettingsTests
{
    [Theory]
    [InlineData("ServiceBusConnection", null)]
    [InlineData("RoutingTable", "")]
    [InlineData("EVENTING_DOOR", "window")]
    [InlineData("EVENTING_PORT", "70000")]
    [InlineData("EVENTING_ADDRESS", "here")]
    [InlineData("EVENTING_MAX_CONCURRENT_CALLS", "0")]
    [InlineData("EVENTING_ALLOW_LOOPBACK", "perhaps")]
    [InlineData("EVENTING_ALLOW_NETWORKS", "10.0.0.0/8,somewhere")]
    public void Read_WrongSetting_IsNamed(string name, string? value)
    {
        Assert.False(FunctionsSettings.TryRead(With(name, value), out _, out var error));
        Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NamespaceInsteadOfAConnectionString_IsAnEntraIdentity()
    {
        var configuration = With("ServiceBusConnection", null);
        configuration["ServiceBusConnection:fullyQualifiedNamespace"] = "mine.servicebus.windows.net";
        configuration["ServiceBusConnection:clientId"] = "11111111-2222-3333-4444-555555555555";
        Assert.True(FunctionsSettings.TryRead(configuration, out var settings, out _));
        Assert.Equal(
            "Endpoint=sb://mine.servicebus.windows.net;Authentication=Default;"
            + "ClientId=11111111-2222-3333-4444-555555555555",
            settings.Connection);
    }

    [Fact]
    public void Read_DispatchGroup_NeedsThePumpDoor()
    {
        var configuration = With("EVENTING_DISPATCH_GROUP", "ns/broker");
        Assert.True(FunctionsSettings.TryRead(configuration, out var settings, out _));
        Assert.Equal("ns/broker", settings.DispatchGroup);

        configuration["EVENTING_DOOR"] = "host";
        configuration["FUNCTIONS_CUSTOMHANDLER_PORT"] = "9000";
        Assert.False(FunctionsSettings.TryRead(configuration, out _, out var error));
        Assert.Contains("EVENTING_DISPATCH_GROUP needs EVENTING_DOOR=pump", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Networks_AreRead()
    {
        var configuration = With("EVENTING_ALLOW_NETWORKS", "169.254.7.0/24, fe80::/64");
        Assert.True(FunctionsSettings.TryRead(configuration, out var settings, out _));
        Assert.Equal(
            [IPNetwork.Parse("169.254.7.0/24"), IPNetwork.Parse("fe80::/64")], settings.AllowedNetworks);
        Assert.False(settings.AllowLoopback);
    }

    [Fact]
    public void Read_NamedFunctions_AreTheOnesServed()
    {
        var configuration = With("AzureFunctionsJobHost:functions:0", "Health");
        configuration["AzureFunctionsJobHost:functions:1"] = "TriggerFilter";
        Assert.True(FunctionsSettings.TryRead(configuration, out var settings, out _));
        Assert.True(settings.Functions.Has("TriggerFilter"));
        Assert.False(settings.Functions.Has("BrokerIngress"));
        Assert.True(FunctionsSettings.TryRead(With("EVENTING_DOOR", "pump"), out settings, out _));
        Assert.True(settings.Functions.Has("BrokerIngress"));

        Assert.False(
            FunctionsSettings.TryRead(With("AzureFunctionsJobHost:functions:0", "Triggers"), out _, out var error));
        Assert.Contains("\"Triggers\"", error, StringComparison.Ordinal);
    }

    private static IConfiguration With(string name, string? value)
    {
        var values = new Dictionary<string, string?>
        {
            ["ServiceBusConnection"] = "Endpoint=sb://localhost;UseDevelopmentEmulator=true;",
            ["RoutingTable"] = "routing.json",
            ["EVENTING_DOOR"] = "pump",
        };
        values[name] = value;
        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }
}
