// Answers "may I?", "may they?" and "who am I?": roles are stored, not enforced, so everyone may do everything.
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>SubjectAccessReview, SelfSubjectAccessReview and SelfSubjectReview; nothing is stored.</summary>
public static class ReviewHandler
{
    public const string User = "kubernetes-admin";

    public static async Task CreateAsync(HttpContext context, ResourceType type)
    {
        if ((await RequestBody.ReadObjectAsync(context)).Failed(out var failure, out var body))
        {
            await context.StatusAsync(failure);
            return;
        }

        body["apiVersion"] = type.ApiVersion;
        body["kind"] = type.Kind;
        body.Metadata["creationTimestamp"] = null;
        body["status"] = type.Kind == "SelfSubjectReview"
            ? new JsonObject
            {
                ["userInfo"] = new JsonObject
                {
                    ["username"] = User,
                    ["groups"] = new JsonArray("system:masters", "system:authenticated"),
                },
            }
            : new JsonObject { ["allowed"] = true };
        await context.JsonAsync(body, 201);
    }
}
