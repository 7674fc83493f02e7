// A Kubernetes Status: how every failure is told to the client, with the reason, details and causes kubectl prints.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Objects;

/// <summary>One thing that is wrong with a field.</summary>
public sealed record StatusCause(string Reason, string Message, string Field);

/// <summary>The outcome of a refused request.</summary>
public sealed record ApiStatus
{
    public required int Code { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    public string? Name { get; init; }

    public string? Group { get; init; }

    public string? Kind { get; init; }

    public string? Uid { get; init; }

    public int RetryAfterSeconds { get; init; }

    public IReadOnlyList<StatusCause> Causes { get; init; } = [];

    public static ApiStatus NotFound(string group, string resource, string name) => new()
    {
        Code = 404,
        Reason = "NotFound",
        Message = $"{Qualified(resource, group)} \"{name}\" not found",
        Name = name,
        Group = group,
        Kind = resource,
    };

    public static ApiStatus AlreadyExists(string group, string resource, string name) => new()
    {
        Code = 409,
        Reason = "AlreadyExists",
        Message = $"{Qualified(resource, group)} \"{name}\" already exists",
        Name = name,
        Group = group,
        Kind = resource,
    };

    public static ApiStatus Conflict(string group, string resource, string name, string why) => new()
    {
        Code = 409,
        Reason = "Conflict",
        Message = $"Operation cannot be fulfilled on {Qualified(resource, group)} \"{name}\": {why}",
        Name = name,
        Group = group,
        Kind = resource,
    };

    public static ApiStatus Invalid(string group, string kind, string name, IReadOnlyList<StatusCause> causes) => new()
    {
        Code = 422,
        Reason = "Invalid",
        Message = $"{Qualified(kind, group)} \"{name}\" is invalid: {Joined(causes)}",
        Name = name,
        Group = group,
        Kind = kind,
        Causes = causes,
    };

    /// <summary>A JSON patch that does not fit the object; names no object, as a real server does not.</summary>
    public static ApiStatus CannotPatch(string why) => new()
    {
        Code = 422,
        Reason = "Invalid",
        Message = $"the server rejected our request due to an error in our request: {why}",
    };

    /// <summary>What cannot be merged; a real server blames itself for it, with 500 and no reason.</summary>
    public static ApiStatus CannotApply(JsonObject wanted, string why) => new()
    {
        Code = 500,
        Reason = "",
        Message = $"failed to create typed patch object ({wanted.Namespace}/{wanted.Name}; {wanted.ApiVersion}, "
            + $"Kind={wanted.Kind}): {why}",
    };

    public static ApiStatus Forbidden(string group, string resource, string name, string why) => new()
    {
        Code = 403,
        Reason = "Forbidden",
        Message = $"{Qualified(resource, group)} \"{name}\" is forbidden: {why}",
        Name = name,
        Group = group,
        Kind = resource,
    };

    public static ApiStatus BadRequest(string message) =>
        new() { Code = 400, Reason = "BadRequest", Message = message };

    public static ApiStatus Unauthorized() =>
        new() { Code = 401, Reason = "Unauthorized", Message = "Unauthorized" };

    public static ApiStatus MethodNotAllowed() => new()
    {
        Code = 405,
        Reason = "MethodNotAllowed",
        Message = "the server does not allow this method on the requested resource",
    };

    public static ApiStatus NotAcceptable(string message) =>
        new() { Code = 406, Reason = "NotAcceptable", Message = message };

    public static ApiStatus Expired(string message) => new() { Code = 410, Reason = "Expired", Message = message };

    /// <summary>A resourceVersion that has not been given out yet.</summary>
    public static ApiStatus FutureVersion(long asked, long current) => new()
    {
        Code = 504,
        Reason = "Timeout",
        Message = $"Timeout: Too large resource version: {asked}, current: {current}",
        RetryAfterSeconds = 1,
        Causes = [new("ResourceVersionTooLarge", "Too large resource version", "")],
    };

    public static ApiStatus TooLarge(long limit) => new()
    {
        Code = 413,
        Reason = "RequestEntityTooLarge",
        Message = $"Request entity too large: limit is {limit} bytes",
    };

    public static ApiStatus UnsupportedMediaType(string message) =>
        new() { Code = 415, Reason = "UnsupportedMediaType", Message = message };

    public static ApiStatus Internal(string message) => new()
    {
        Code = 500,
        Reason = "InternalError",
        Message = $"Internal error occurred: {message}",
        Causes = [new StatusCause("", message, "")],
    };

    public JsonObject ToJson()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        Add(status, "reason", Reason);
        var details = new JsonObject();
        Add(details, "name", Name);
        Add(details, "group", Group);
        Add(details, "kind", Kind);
        Add(details, "uid", Uid);
        if (Causes.Count > 0)
        {
            details["causes"] = new JsonArray([.. Causes.Select(CauseJson)]);
        }

        if (RetryAfterSeconds > 0)
        {
            details["retryAfterSeconds"] = RetryAfterSeconds;
        }

        if (details.Count > 0)
        {
            status["details"] = details;
        }

        status["code"] = Code;
        return status;
    }

    /// <summary>What a successful delete answers with.</summary>
    public static JsonObject Success(string group, string resource, string name, string uid)
    {
        var details = new JsonObject { ["name"] = name };
        Add(details, "group", group);
        details["kind"] = resource;
        details["uid"] = uid;
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        };
    }

    public static string Qualified(string name, string group) => group.Length == 0 ? name : $"{name}.{group}";

    private static JsonNode CauseJson(StatusCause cause)
    {
        var node = new JsonObject();
        Add(node, "reason", cause.Reason);
        Add(node, "message", cause.Message);
        Add(node, "field", cause.Field);
        return node;
    }

    private static void Add(JsonObject target, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            target[name] = value;
        }
    }

    private static string Joined(IReadOnlyList<StatusCause> causes)
    {
        var lines = causes.Select(cause => cause.Field.Length == 0 ? cause.Message : $"{cause.Field}: {cause.Message}");
        return causes.Count == 1 ? lines.First() : $"[{string.Join(", ", lines)}]";
    }
}
