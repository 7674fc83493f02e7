// What the API server answered: an object, or a status with its reason and message.
using System.Net;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>An answer of the API server; refusals are values, a lost connection is an exception.</summary>
public sealed record ApiAnswer(HttpStatusCode Code, JsonObject? Body)
{
    public bool IsSuccess => (int)Code is >= 200 and < 300;

    public bool IsMissing => Code == HttpStatusCode.NotFound;

    /// <summary>Someone wrote in between, or the object is there already.</summary>
    public bool IsConflict => Code == HttpStatusCode.Conflict;

    /// <summary>The resource version asked for is no longer known.</summary>
    public bool IsExpired => Code == HttpStatusCode.Gone;

    public Resource? Object => IsSuccess && Body is not null ? new Resource(Body) : null;

    /// <summary>The server's own words, for logs and conditions.</summary>
    public string Message => Body.NonEmpty("message") ?? $"The API server answered {(int)Code}.";

    /// <summary>The object of an answer that has to be a success.</summary>
    public Resource Require(string what) =>
        Object ?? throw new HttpRequestException($"{what}: {Message}", null, Code);
}
