// Which function a request is for, and what the host answers by itself.
using System.Net;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class RouteTests
{
    [Fact]
    public async Task Routes_UnderAPrefix_AnswerOnlyThere()
    {
        using var app = new SampleApp().Http("Orders", "orders/{id:int}", "\"get\", \"post\"").Http("Plain", "");
        await using var host = await app.StartAsync();
        using var http = Client(host);

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/api/orders/7")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/orders/seven")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.DeleteAsync("/api/orders/7")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/orders/7")).StatusCode);
        Assert.Equal("/api/orders/7", Assert.Single(app.Requests).Target);
    }

    [Theory]
    [InlineData("GET", null, HttpStatusCode.OK)]
    [InlineData("POST", null, HttpStatusCode.OK)]
    [InlineData("GET", "true", HttpStatusCode.NoContent)]
    public async Task Root_WithNoFunctionOnIt_IsTheHostsOwnPage(
        string method, string? disabled, HttpStatusCode expected)
    {
        using var app = new SampleApp().Http("Orders", "orders");
        await using var host = await app.StartAsync(
            disabled is null ? [] : [("AzureWebJobsDisableHomepage", disabled)]);
        using var http = Client(host);
        var response = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/"));
        Assert.Equal(expected, response.StatusCode);
        Assert.Empty(app.Requests);
    }

    [Theory]
    [InlineData("GET", "/things/7", "Special")]
    [InlineData("POST", "/things/7", "Everything")]
    [InlineData("GET", "/things/seven", "Everything")]
    [InlineData("GET", "/", "Everything")]
    [InlineData("GET", "/readyz", "Probe")]
    [InlineData("GET", "/readyz/more", "Everything")]
    public void MoreSpecificRoute_Wins_WhateverTheOrder(string method, string path, string expected)
    {
        using var app = new SampleApp();
        app.WriteHostJson([], "\"extensions\": { \"http\": { \"routePrefix\": \"\" } }");
        app.Http("Everything", "{*path}").Http("Special", "things/{id:int}", "\"get\"")
            .Http("Probe", "{probe:regex(^(healthz|readyz)$)}", "\"get\"");
        var settings = new App.AppSettings(new Dictionary<string, string>());
        var read = App.AppReader.Read(app.Root, settings, executableGiven: false).App!;
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Path = path;
        Assert.Equal(expected, new Http.HttpRoutes(read).Find(context));
    }

    private static HttpClient Client(FunctionsHost host) =>
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{host.Port}"),
        };
}
