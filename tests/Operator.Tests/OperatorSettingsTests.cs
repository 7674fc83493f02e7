// Settings that cannot be meant are refused at the start, by name.
using Microsoft.Extensions.Logging.Abstractions;

namespace ServerlessEventing.Operator.Tests;

public sealed class OperatorSettingsTests
{
    [Theory]
    [InlineData("EVENTING_INJECTION_SELECTOR", "team=a", "give a label selector in JSON")]
    [InlineData(
        "EVENTING_INJECTION_SELECTOR",
        """{"matchExpressions":[{"key":"team","operator":"Is"}]}""",
        "EVENTING_INJECTION_SELECTOR.matchExpressions")]
    [InlineData("EVENTING_CROSS_NAMESPACE_REFS", "team-a,team_b", "EVENTING_CROSS_NAMESPACE_REFS holds 'team_b'")]
    [InlineData("EVENTING_ROUTING_PORT", "http", "give a port number")]
    [InlineData("EVENTING_ROUTING_HOST", "0.0.0.0", "RoutingTableToken is not set")]
    [InlineData("ServiceBusConnection", "", "No Service Bus")]
    public void Setting_Wrong_IsRefusedByName(string name, string value, string message)
    {
        Assert.Null(OperatorSettings.Read([], Variable, NullLoggerFactory.Instance, out var problem));
        Assert.Contains(message, problem);

        string? Variable(string asked) => asked == name ? value
            : asked == "ServiceBusConnection" ? "Endpoint=sb://localhost;UseDevelopmentEmulator=true"
            : null;
    }

    [Fact]
    public void Settings_Given_AreRead()
    {
        var given = new Dictionary<string, string>
        {
            ["ServiceBusConnection"] = "Endpoint=sb://localhost;UseDevelopmentEmulator=true",
            ["EVENTING_COEXIST"] = "true",
            ["EVENTING_FUNCTIONS_SERVICE_ACCOUNT"] = "dispatcher",
            ["EVENTING_INJECTION_SELECTOR"] = "{}",
        };
        var options = OperatorSettings.Read([], given.GetValueOrDefault, NullLoggerFactory.Instance, out var problem);
        Assert.Equal("", problem);
        Assert.True(options!.Coexist);
        Assert.Equal("dispatcher", options.FunctionsServiceAccount);
        Assert.Empty(options.InjectionSelector!);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("--coexist", true)]
    public void Coexist_AsAnOption_IsTheSameAsTheVariable(string? argument, bool coexist)
    {
        var options = OperatorSettings.Read(
            argument is null ? [] : [argument], Bus, NullLoggerFactory.Instance, out var problem);
        Assert.Equal("", problem);
        Assert.Equal(coexist, options!.Coexist);
    }

    [Theory]
    [InlineData("--coexists")]
    [InlineData("coexist")]
    [InlineData("--coexist=true")]
    public void Argument_Unknown_IsRefusedByNameAndSaysWhatThereIs(string argument)
    {
        Assert.Null(OperatorSettings.Read([argument], Bus, NullLoggerFactory.Instance, out var problem));
        Assert.Contains($"'{argument}'", problem);
        Assert.Contains("takes --coexist", problem);
    }

    private static string? Bus(string name) =>
        name == "ServiceBusConnection" ? "Endpoint=sb://localhost;UseDevelopmentEmulator=true" : null;
}
