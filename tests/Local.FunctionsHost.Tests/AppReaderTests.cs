// Faulty apps: each fault is told with its file, its property and how to mend it.
using ServerlessEventing.Local.FunctionsHost.App;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class AppReaderTests
{
    private const string GoodHost =
        """{ "version": "2.0", "customHandler": { "description": { "defaultExecutablePath": "h" } } }""";

    [Theory]
    [InlineData("{", "host.json", "(file)")]
    [InlineData("""{ "customHandler": { "description": { "defaultExecutablePath": "h" } } }""", "host.json", "version")]
    [InlineData("""{ "version": "2.0" }""", "host.json", "customHandler.description.defaultExecutablePath")]
    [InlineData(
        """
        { "version": "2.0", "functionTimeout": "long",
          "customHandler": { "description": { "defaultExecutablePath": "h" } } }
        """, "host.json", "functionTimeout")]
    [InlineData(
        """
        { "version": "2.0", "extensions": { "serviceBus": { "maxConcurrentCalls": 0 } },
          "customHandler": { "description": { "defaultExecutablePath": "h" } } }
        """, "host.json", "extensions.serviceBus.maxConcurrentCalls")]
    [InlineData(
        """
        { "version": "2.0",
          "customHandler": { "description": { "defaultExecutablePath": "h", "arguments": ["%NOT_SET_ANYWHERE%"] } } }
        """, "host.json", "customHandler.description.arguments")]
    public void HostJson_Wrong_IsTold(string hostJson, string file, string property)
    {
        using var folder = Folder(hostJson, """{ "bindings": [] }""");
        AssertFault(folder, file, property);
    }

    [Theory]
    [InlineData("{ broken", "(file)")]
    [InlineData("{}", "bindings")]
    [InlineData("""{ "bindings": [ { "type": "queueTrigger", "name": "q" } ] }""", "bindings")]
    [InlineData("""{ "bindings": [ { "type": "timerTrigger", "schedule": "* * * * *" } ] }""", "bindings.name")]
    [InlineData(
        """{ "bindings": [ { "type": "timerTrigger", "name": "t", "schedule": "0 0 99 * * *" } ] }""",
        "bindings.schedule")]
    [InlineData(
        """{ "bindings": [ { "type": "serviceBusTrigger", "name": "m", "connection": "Bus" } ] }""",
        "bindings.queueName")]
    [InlineData(
        """
        { "bindings": [ { "type": "serviceBusTrigger", "name": "m", "queueName": "q", "connection": "Nowhere" } ] }
        """,
        "bindings.connection")]
    [InlineData(
        """
        { "bindings": [ { "type": "serviceBusTrigger", "name": "m", "queueName": "%NONE%", "connection": "Bus" } ] }
        """,
        "bindings.queueName")]
    [InlineData(
        """
        { "bindings": [ { "type": "serviceBusTrigger", "name": "m", "queueName": "q", "connection": "Bus",
          "cardinality": "many" } ] }
        """, "bindings.cardinality")]
    [InlineData(
        """
        { "bindings": [ { "type": "serviceBusTrigger", "name": "m", "queueName": "q", "connection": "Bus" },
          { "type": "serviceBus", "name": "out", "queueName": "o" } ] }
        """, "bindings")]
    public void FunctionJson_Wrong_IsTold(string functionJson, string property)
    {
        using var folder = Folder(GoodHost, functionJson);
        AssertFault(folder, Path.Combine("F", "function.json"), property);
    }

    [Fact]
    public void HttpFunction_WithoutProxying_IsRefused_NamingHostJson()
    {
        using var folder = Folder(GoodHost, """
            { "bindings": [ { "type": "httpTrigger", "name": "req", "authLevel": "anonymous" },
              { "type": "http", "direction": "out", "name": "res" } ] }
            """);
        AssertFault(folder, "host.json", "customHandler.enableProxyingHttpRequest");
    }

    [Fact]
    public void ServiceBusFunction_WithSettings_IsReadWithThemPutIn()
    {
        using var folder = Folder(GoodHost, """
            {
              // comments are allowed
              "bindings": [ { "type": "serviceBusTrigger", "name": "m", "topicName": "%TOPIC%",
                "subscriptionName": "s", "connection": "Bus", "dataType": "binary" } ]
            }
            """);
        var settings = Settings(
            ("Bus", "Endpoint=sb://x"), ("TOPIC", "t"),
            ("AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls", "5"));
        var (app, problems) = AppReader.Read(folder.Path, settings, executableGiven: false);

        Assert.Empty(problems);
        var trigger = Assert.IsType<ServiceBusTrigger>(Assert.Single(app!.Functions).Trigger);
        Assert.Equal(("t", "s", "Endpoint=sb://x", true),
            (trigger.EntityName, trigger.SubscriptionName, trigger.ConnectionString, trigger.Binary));
        Assert.Equal(5, app.Host.ServiceBus.MaxConcurrentCalls);
    }

    [Fact]
    public void ServiceBusFunction_WithAnIdentity_IsRead()
    {
        using var folder = Folder(GoodHost, """
            { "bindings": [ { "type": "serviceBusTrigger", "name": "m", "queueName": "q", "connection": "Bus" } ] }
            """);
        var settings = Settings(
            ("Bus__fullyQualifiedNamespace", "mine.servicebus.windows.net"), ("Bus__credential", "managedidentity"));
        var (app, problems) = AppReader.Read(folder.Path, settings, executableGiven: false);

        Assert.Empty(problems);
        var trigger = Assert.IsType<ServiceBusTrigger>(Assert.Single(app!.Functions).Trigger);
        Assert.Equal(
            "Endpoint=sb://mine.servicebus.windows.net;Authentication=managedidentity", trigger.ConnectionString);
    }

    [Fact]
    public void OnlyTheFunctionsNamed_AreLoaded()
    {
        using var app = new SampleApp().Http("A", "a").Http("B", "b");
        var settings = Settings(("AzureFunctionsJobHost__functions__0", "B"));
        var (read, _) = AppReader.Read(app.Root, settings, executableGiven: false);
        Assert.Equal("B", Assert.Single(read!.Functions).Name);
    }

    private static void AssertFault(TempFolder folder, string file, string property)
    {
        var (app, problems) = AppReader.Read(folder.Path, Settings(("Bus", "x")), executableGiven: false);
        Assert.Null(app);
        var problem = problems[0];
        Assert.Equal((file, property), (problem.File, problem.Property));
        Assert.NotEmpty(problem.Mend);
    }

    private static TempFolder Folder(string hostJson, string functionJson)
    {
        var folder = new TempFolder();
        File.WriteAllText(folder["host.json"], hostJson);
        Directory.CreateDirectory(folder["F"]);
        File.WriteAllText(Path.Combine(folder["F"], "function.json"), functionJson);
        return folder;
    }

    private static AppSettings Settings(params (string Name, string Value)[] settings) =>
        new(settings.ToDictionary(pair => pair.Name, pair => pair.Value));
}
