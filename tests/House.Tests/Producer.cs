// A producer outside the house: posts CloudEvents and keeps what was answered 202.
using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace ServerlessEventing.House.Tests;

/// <summary>Sends CloudEvents and remembers the ids that were accepted.</summary>
internal sealed class Producer : IDisposable
{
    private readonly HttpClient client;
    private readonly ConcurrentDictionary<string, bool> accepted = new();

    public Producer(Uri? proxy = null) => client = new HttpClient(new SocketsHttpHandler
    {
        Proxy = proxy is null ? null : new WebProxy(proxy),
        UseProxy = proxy is not null,
    });

    public IEnumerable<string> Accepted => accepted.Keys;

    /// <summary>Posts in binary mode; 202 is remembered.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        Uri address, string id, string type, params (string Name, string Value)[] attributes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent("""{"n":1}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("ce-specversion", "1.0");
        request.Headers.Add("ce-id", id);
        request.Headers.Add("ce-type", type);
        request.Headers.Add("ce-source", "/tests");
        foreach (var (name, value) in attributes)
        {
            request.Headers.Add("ce-" + name, value);
        }

        return Remember(id, await client.SendAsync(request));
    }

    /// <summary>Posts in structured mode; 202 is remembered.</summary>
    public async Task<HttpResponseMessage> SendStructuredAsync(Uri address, string id, string type)
    {
        var json = $$"""{"specversion":"1.0","id":"{{id}}","type":"{{type}}","source":"/tests","data":{"n":1} }""";
        using var content = new StringContent(json, Encoding.UTF8, "application/cloudevents+json");
        return Remember(id, await client.PostAsync(address, content));
    }

    /// <summary>Posts an event in whatever form; 202 is remembered.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string id) =>
        Remember(id, await client.SendAsync(request));

    /// <summary>Anything else.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => client.SendAsync(request);

    public void Dispose() => client.Dispose();

    private HttpResponseMessage Remember(string id, HttpResponseMessage answer)
    {
        if (answer.StatusCode == HttpStatusCode.Accepted)
        {
            accepted[id] = true;
        }

        return answer;
    }
}
