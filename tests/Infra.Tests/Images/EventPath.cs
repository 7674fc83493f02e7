// The smallest way an event can go: one Broker, one Trigger, the lanes, a subscriber; no operator.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests.Images;

/// <summary>The emulator with the entities an operator would make, a routing table, and who is subscribed.</summary>
internal sealed class EventPath : IAsyncDisposable
{
    private const string Uid = "2f6d6f2e-0000-4000-8000-000000000001";

    private const string Entities = """
        { "UserConfig": { "Namespaces": [ { "Name": "sbemulatorns", "Queues": [
          { "Name": "eventing-deadletters" },
          { "Name": "eventing-triggers" }, { "Name": "eventing-triggers-retries" },
          { "Name": "eventing-subscriptions" }, { "Name": "eventing-subscriptions-retries" },
          { "Name": "eventing-sources" }, { "Name": "eventing-sources-retries" } ],
          "Topics": [ { "Name": "shop.default-kn-trigger", "Subscriptions": [
            { "Name": "all", "Properties": { "ForwardTo": "eventing-triggers" }, "Rules": [
              { "Name": "egress", "Properties": { "FilterType": "Sql", "SqlFilter": { "SqlExpression": "1=1" },
                "Action": { "SqlExpression": "SET eventing_egress = 'UID'; SET eventing_since = 1" } } } ] } ] } ] } ] }
        }
        """;

    private const string Table = """
        { "generation": 1,
          "ingresses": [ { "uid": "b", "kind": "Broker", "namespace": "shop", "name": "default",
                           "path": "/shop/default", "topic": "shop.default-kn-trigger" } ],
          "egresses": [ { "uid": "UID", "kind": "Trigger", "namespace": "shop", "name": "all",
                          "lane": "eventing-triggers", "destination": { "uri": "URI" } } ] }
        """;

    private readonly TempFolder folder;
    private readonly ServiceBusEmulator bus;
    private readonly WebApplication subscriber;
    private readonly TaskCompletionSource<string> arrived;

    private EventPath(
        TempFolder folder, ServiceBusEmulator bus, WebApplication subscriber, TaskCompletionSource<string> arrived)
    {
        this.folder = folder;
        this.bus = bus;
        this.subscriber = subscriber;
        this.arrived = arrived;
    }

    /// <summary>Settings of a function app that serves this path.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["ServiceBusConnection"] = bus.ConnectionString,
        ["RoutingTable"] = new Uri(subscriber.Urls.First() + "/routing").ToString(),
        ["EVENTING_ALLOW_LOOPBACK"] = "true",
    };

    public static async Task<EventPath> StartAsync()
    {
        var folder = new TempFolder();
        var config = folder["config.json"];
        await File.WriteAllTextAsync(config, Entities.Replace("UID", Uid, StringComparison.Ordinal));
        var bus = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = folder["bus"], ConfigFile = config }, CancellationToken.None);
        var arrived = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var subscriber = await SubscriberAsync(arrived);
        return new EventPath(folder, bus, subscriber, arrived);
    }

    /// <summary>For the operator, which asks the management API.</summary>
    public string ManagementConnection => bus.ManagementConnectionString;

    /// <summary>Posts one event and waits until it is with the subscriber; returns its id as seen there.</summary>
    public async Task<string> SendAsync(int port)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var post = new HttpRequestMessage(HttpMethod.Post, "/shop/default")
        {
            Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json"),
            Headers =
            {
                { "ce-specversion", "1.0" }, { "ce-type", "test" }, { "ce-source", "/test" }, { "ce-id", "image-1" },
            },
        };
        using var answer = await http.SendAsync(post);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return await arrived.Task.WaitAsync(Eventually.DefaultDeadline);
    }

    public async ValueTask DisposeAsync()
    {
        await subscriber.DisposeAsync();
        await bus.DisposeAsync();
        folder.Dispose();
    }

    private static async Task<WebApplication> SubscriberAsync(TaskCompletionSource<string> arrived)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapGet("/routing", context =>
        {
            context.Response.Headers.ETag = "\"1\"";
            return context.Response.WriteAsync(Table
                .Replace("UID", Uid, StringComparison.Ordinal)
                .Replace("URI", app.Urls.First(), StringComparison.Ordinal));
        });
        app.MapPost("/", context =>
        {
            arrived.TrySetResult(context.Request.Headers["ce-id"].ToString());
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }
}
