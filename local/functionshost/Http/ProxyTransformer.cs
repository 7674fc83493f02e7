// The headers of a proxied request: the client's own, less Host, plus the invocation's and X-Forwarded-*.
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ServerlessEventing.Local.FunctionsHost.Invocations;
using Yarp.ReverseProxy.Forwarder;

namespace ServerlessEventing.Local.FunctionsHost.Http;

/// <summary>What the real host adds and drops in proxy mode; path, query and body pass as they are.</summary>
internal sealed class ProxyTransformer : HttpTransformer
{
    public static readonly ProxyTransformer Instance = new();

    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly string[] Replaced =
    [
        InvocationHeaders.HostVersion, InvocationHeaders.InvocationId, InvocationHeaders.ProxiedInvocationId,
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    ];

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext,
        HttpRequestMessage proxyRequest,
        string destinationPrefix,
        CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

        // The client's own spelling, such as %2F in a path: rebuilding it from the decoded path would change it.
        var target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.StartsWith('/'))
        {
            proxyRequest.RequestUri = new Uri(destinationPrefix + target, Verbatim);
        }

        // Without a Host of its own the request gets the destination's, 127.0.0.1:port.
        proxyRequest.Headers.Host = null;
        foreach (var name in Replaced)
        {
            // A client must not pass itself off as the host.
            proxyRequest.Headers.Remove(name);
        }

        var invocation = Guid.NewGuid().ToString();
        Add(InvocationHeaders.HostVersion, InvocationHeaders.Version);
        Add(InvocationHeaders.InvocationId, invocation);
        Add(InvocationHeaders.ProxiedInvocationId, invocation);
        Add("X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.MapToIPv4().ToString() ?? "");
        Add("X-Forwarded-Host", httpContext.Request.Host.Value ?? "");
        Add("X-Forwarded-Proto", httpContext.Request.Scheme);

        void Add(string name, string value) => proxyRequest.Headers.TryAddWithoutValidation(name, value);
    }
}
