// Names and values of the headers by which a handler knows the host.
namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>The headers of the custom-handler contract.</summary>
internal static class InvocationHeaders
{
    public const string HostVersion = "X-Azure-Functions-HostVersion";
    public const string InvocationId = "X-Azure-Functions-InvocationId";

    /// <summary>On proxied requests only.</summary>
    public const string ProxiedInvocationId = "x-ms-invocation-id";

    /// <summary>The version of the real host whose requests the conformance captures hold.</summary>
    public const string Version = "4.1037.0.0";

    public const string UserAgent = "Azure-Functions-Host/" + Version;
}
