// Answers "may I?", "may they?" and "who am I?".
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Access;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>SubjectAccessReview, SelfSubjectAccessReview and SelfSubjectReview; nothing is stored.</summary>
public sealed class ReviewHandler(Roles roles)
{
    private const string AboutSelf = "SelfSubjectReview";
    private const string AboutOthers = "SubjectAccessReview";

    /// <summary>Whether everybody may ask it: only what concerns oneself.</summary>
    public static bool IsForEverybody(ResourceType type) => type.Kind != AboutOthers;

    public async Task CreateAsync(HttpContext context, ResourceType type)
    {
        if ((await RequestBody.ReadObjectAsync(context)).Failed(out var failure, out var body))
        {
            await context.StatusAsync(failure);
            return;
        }

        body["apiVersion"] = type.ApiVersion;
        body["kind"] = type.Kind;
        body.Metadata["creationTimestamp"] = null;
        var who = RequestAccess.WhoAsks(context);
        var spec = body.Child("spec");
        body["status"] = type.Kind switch
        {
            AboutSelf => new JsonObject { ["userInfo"] = UserInfo(who) },
            AboutOthers => Answer(
                new Requester(spec.Text("user"), ObjectFields.Texts(spec["groups"])), spec),
            _ => Answer(who, spec),
        };
        await context.JsonAsync(body, 201);
    }

    // Paths that are no resources, as /healthz, are open to everybody.
    private JsonObject Answer(Requester who, JsonObject spec)
    {
        if (spec["resourceAttributes"] is not JsonObject asked)
        {
            return new JsonObject { ["allowed"] = true };
        }

        var resource = asked.Text("subresource") is { Length: > 0 } part
            ? $"{asked.Text("resource")}/{part}"
            : asked.Text("resource");
        return new JsonObject
        {
            ["allowed"] = roles.Allow(who, new AccessRequest(
                asked.Text("verb"), asked.Text("group"), resource, asked.Text("namespace"), asked.Text("name"))),
        };
    }

    private static JsonObject UserInfo(Requester who) => new()
    {
        ["username"] = who.User,
        ["groups"] = new JsonArray([.. who.Groups.Select(group => JsonValue.Create(group))]),
    };
}
