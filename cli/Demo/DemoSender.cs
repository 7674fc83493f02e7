// Sends the demo's events as a producer would: binary or structured CloudEvents over HTTP.
using System.Net;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Cli.Demo;

/// <summary>Posts events to a Broker's address, through a proxy where that is a name of the cluster.</summary>
internal sealed class DemoSender(Uri broker, Uri? proxy = null) : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        Proxy = proxy is null ? null : new WebProxy(proxy),
        UseProxy = proxy is not null,
    });

    /// <summary>Sends one event; anything but 202 ends the demo with the answer's own words.</summary>
    public async Task SendAsync(DemoEvent sent, CancellationToken cancellationToken)
    {
        using var request = sent.Structured ? Structured(sent) : Binary(sent);
        using var answer = await client.SendAsync(request, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.Accepted)
        {
            var detail = await answer.Content.ReadAsStringAsync(cancellationToken);
            throw new CommandException($"{broker} answered {(int)answer.StatusCode} to {sent.Id}: {detail}");
        }
    }

    public void Dispose() => client.Dispose();

    private HttpRequestMessage Binary(DemoEvent sent)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, broker) { Content = new StringContent(Data(sent)) };
        request.Content.Headers.ContentType = new("application/json");
        foreach (var (name, value) in Attributes(sent))
        {
            request.Headers.Add("ce-" + name, value);
        }

        return request;
    }

    private HttpRequestMessage Structured(DemoEvent sent)
    {
        var body = new JsonObject { ["datacontenttype"] = "application/json", ["data"] = JsonNode.Parse(Data(sent)) };
        foreach (var (name, value) in Attributes(sent))
        {
            body[name] = value;
        }

        var content = new StringContent(body.ToJsonString());
        var request = new HttpRequestMessage(HttpMethod.Post, broker) { Content = content };
        request.Content.Headers.ContentType = new("application/cloudevents+json") { CharSet = "utf-8" };
        return request;
    }

    private static string Data(DemoEvent sent) => $$"""{"order":"{{sent.Subject ?? sent.Id}}"}""";

    private static IEnumerable<(string Name, string Value)> Attributes(DemoEvent sent)
    {
        yield return ("specversion", "1.0");
        yield return ("id", sent.Id);
        yield return ("type", sent.Type);
        yield return ("source", "/shop");
        if (sent.Subject is not null)
        {
            yield return ("subject", sent.Subject);
        }

        if (sent.Region is not null)
        {
            yield return ("region", sent.Region);
        }
    }
}
