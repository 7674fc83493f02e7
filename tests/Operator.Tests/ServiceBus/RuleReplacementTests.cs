// A rule that the bus does not let us change in place: the new one first, then the old one goes.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Operator.ServiceBus;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.ServiceBus;

public sealed class RuleReplacementTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly Bus _bus = new();
    private readonly HttpClient _http = new();
    private readonly List<string> _rules = [];
    private WebApplication _refusing = null!;
    private int _refused;

    [Fact]
    public async Task Rule_PutIsRefused_IsMadeAnewAndIsNeverAbsent()
    {
        await _bus.Administration.CreateTopicAsync("topic");
        var before = new BusSubscription("topic", "sub")
        {
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            Rule = new BusRule { Sql = "a = '1'" },
            Egress = "e",
        };
        await _bus.Administration.CreateSubscriptionAsync(
            new CreateSubscriptionOptions("topic", "sub"), BusRules.Options(before));
        var rules = new BusRules(new ServiceBusAdministrationClient(Through(_refusing)));

        var wanted = before with { Rule = new BusRule { Sql = "a = '2'" } };
        Assert.True(await rules.PutRightAsync(wanted, default));

        Assert.Equal(1, _refused);
        Assert.DoesNotContain("", _rules);
        var left = Assert.Single(await _bus.Rules(Assert.Single(await _bus.Subscriptions("topic"))));
        Assert.Equal(EntityNames.Rule, left.Name);
        Assert.Equal("a = '2'", Assert.IsType<SqlRuleFilter>(left.Filter).SqlExpression);
        Assert.False(await rules.PutRightAsync(wanted, default));
    }

    public async ValueTask InitializeAsync()
    {
        await _bus.StartAsync(_folder["bus"]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _refusing = builder.Build();
        _refusing.Run(ForwardAsync);
        await _refusing.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _refusing.DisposeAsync();
        await _bus.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    // What comes goes on to the emulator, but a change of a rule in place; after each write the rules are noted.
    private async Task ForwardAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Method == "PUT" && request.Headers.IfMatch.Count > 0
            && request.Path.Value!.Contains("/rules/", StringComparison.OrdinalIgnoreCase))
        {
            _refused++;
            context.Response.StatusCode = (int)HttpStatusCode.BadRequest;
            return;
        }

        using var on = new HttpRequestMessage(
            new HttpMethod(request.Method),
            new Uri(Endpoint(_bus.ManagementConnection), request.Path + request.QueryString.Value));
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            on.Content = new StreamContent(request.Body);
        }

        foreach (var (name, value) in request.Headers.Where(header => header.Key != "Host"))
        {
            if (!on.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value))
            {
                on.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
            }
        }

        using var answer = await _http.SendAsync(on);
        if (request.Method != "GET")
        {
            var subscription = Assert.Single(await _bus.Subscriptions("topic"));
            _rules.Add(string.Join(' ', (await _bus.Rules(subscription)).Select(rule => rule.Name)));
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(context.Response.Body);
    }

    private string Through(WebApplication proxy)
    {
        var address = proxy.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return _bus.ManagementConnection.Replace(
            $":{Endpoint(_bus.ManagementConnection).Port}",
            $":{new Uri(address.Single()).Port}",
            StringComparison.Ordinal);
    }

    private static Uri Endpoint(string connection)
    {
        var address = new Uri(connection.Split("Endpoint=")[1].Split(';')[0]);
        return new Uri($"http://{address.Authority}/");
    }
}
