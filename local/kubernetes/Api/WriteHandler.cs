// POST, PUT, PATCH and DELETE.
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Patches;
using ServerlessEventing.Local.Kubernetes.Storage;
using ServerlessEventing.Local.Kubernetes.Writes;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>Reads the request, hands it to the writer, answers with what came of it.</summary>
public sealed class WriteHandler(ObjectStore store, ObjectWriter writer)
{
    private const int MostManagerLength = 128;
    private const string ApplyPatch = "application/apply-patch+yaml";

    public static bool HasSubresource(ResourceType type, string name) => name switch
    {
        "status" => type.HasStatus,
        "scale" => type.Scale is not null,
        "finalize" => type.IsNamespace,
        _ => false,
    };

    public async Task CreateAsync(HttpContext context, ApiTarget target)
    {
        if (Options(context, "").Failed(out var failure, out var options)
            || (await RequestBody.ReadObjectAsync(context)).Failed(out failure, out var body))
        {
            await context.StatusAsync(failure);
            return;
        }

        await AnswerAsync(context, await writer.CreateAsync(
            target.Type, target.Namespace, body, options, context.RequestAborted));
    }

    public async Task UpdateAsync(HttpContext context, ApiTarget target)
    {
        if (Options(context, target.Subresource).Failed(out var failure, out var options)
            || (await RequestBody.ReadObjectAsync(context)).Failed(out failure, out var body))
        {
            await context.StatusAsync(failure);
            return;
        }

        await AnswerAsync(context, await writer.UpdateAsync(
            target.Type, target.Namespace, target.Name, body, options, context.RequestAborted));
    }

    public async Task PatchAsync(HttpContext context, ApiTarget target)
    {
        if (RequestBody.ContentType(context) == ApplyPatch)
        {
            await ApplyAsync(context, target);
            return;
        }

        if (Options(context, target.Subresource).Failed(out var failure, out var options)
            || (await RequestBody.ReadAsync(context)).Failed(out failure, out var bytes)
            || PatchOf(context, target, bytes).Failed(out failure, out var patch))
        {
            await context.StatusAsync(failure);
            return;
        }

        await AnswerAsync(context, await writer.PatchAsync(
            target.Type, target.Namespace, target.Name, patch, options, context.RequestAborted));
    }

    public async Task DeleteAsync(HttpContext context, ApiTarget target)
    {
        if ((await DeleteOptionsAsync(context)).Failed(out var failure, out var options)
            || (await writer.DeleteAsync(target.Type, target.Namespace, target.Name, options, context.RequestAborted))
                .Failed(out failure, out var last))
        {
            await context.StatusAsync(failure);
            return;
        }

        var type = target.Type;
        await context.JsonAsync(store.Find(last.Key) is { } held && held.Uid == last.Uid
            ? VersionConversion.FromStorage(type, held)
            : ApiStatus.Success(type.Group, type.Plural, target.Name, last.Uid));
    }

    public async Task DeleteCollectionAsync(HttpContext context, ApiTarget target)
    {
        if ((await DeleteOptionsAsync(context)).Failed(out var failure, out var options)
            || Selection.Parse(context.Request.Query, target).Failed(out failure, out var selection))
        {
            await context.StatusAsync(failure);
            return;
        }

        var type = target.Type;
        var (objects, version) = store.List(type.StorageName, selection.Namespace);
        var items = new JsonArray();
        foreach (var stored in objects.Where(selection.Matches))
        {
            var result = await writer.DeleteAsync(
                type, stored.Key.Namespace, stored.Key.Name, options, context.RequestAborted);
            if (result.Failed(out failure, out var last))
            {
                if (failure.Reason == "NotFound")
                {
                    continue;
                }

                await context.StatusAsync(failure);
                return;
            }

            items.Add(VersionConversion.FromStorage(type, last));
        }

        await context.JsonAsync(new JsonObject
        {
            ["kind"] = type.ListKind,
            ["apiVersion"] = type.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = $"{version}" },
            ["items"] = items,
        });
    }

    private async Task ApplyAsync(HttpContext context, ApiTarget target)
    {
        if (context.Request.Query["fieldManager"].ToString().Length == 0)
        {
            await context.StatusAsync(ApiStatus.Invalid("meta.k8s.io", "PatchOptions", "",
                [new("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")]));
            return;
        }

        if (Options(context, target.Subresource).Failed(out var failure, out var options)
            || (await RequestBody.ReadAsync(context)).Failed(out failure, out var bytes)
            || ObjectFields.Parse(bytes).Failed(out failure, out var wanted))
        {
            await context.StatusAsync(failure);
            return;
        }

        await AnswerAsync(context, await writer.ApplyAsync(
            target.Type, target.Namespace, target.Name, wanted, options, context.RequestAborted));
    }

    private static async Task AnswerAsync(HttpContext context, Result<Written> result)
    {
        if (result.Failed(out var failure, out var written))
        {
            await context.StatusAsync(failure);
            return;
        }

        context.Warn(written.Warnings);
        await context.JsonAsync(written.Body, written.Created ? 201 : 200);
    }

    private static async Task<Result<DeleteOptions>> DeleteOptionsAsync(HttpContext context)
    {
        if (DryRun(context).Failed(out var failure, out var dryRun)
            || (await RequestBody.ReadObjectAsync(context)).Failed(out failure, out var body))
        {
            return failure;
        }

        return DeleteOptions.Read(body, context.Request.Query["propagationPolicy"].ToString(), dryRun == "All");
    }

    private static Result<string> DryRun(HttpContext context)
    {
        var value = context.Request.Query["dryRun"].ToString();
        return value is "" or "All"
            ? value
            : WrongOption(context, "dryRun", "FieldValueNotSupported",
                $"Unsupported value: [\"{value}\"]: supported values: \"All\"");
    }

    private static ApiStatus WrongOption(HttpContext context, string name, string reason, string message)
    {
        var kind = context.Request.Method switch
        {
            "POST" => "CreateOptions",
            "PUT" => "UpdateOptions",
            "PATCH" => "PatchOptions",
            _ => "DeleteOptions",
        };
        return ApiStatus.Invalid("meta.k8s.io", kind, "", [new(reason, message, name)]);
    }

    private static Result<WriteOptions> Options(HttpContext context, string subresource)
    {
        var query = context.Request.Query;
        if (DryRun(context).Failed(out var failure, out var dryRun))
        {
            return failure;
        }

        FieldValidation? validation = query["fieldValidation"].ToString() switch
        {
            "" or "Warn" => FieldValidation.Warn,
            "Ignore" => FieldValidation.Ignore,
            "Strict" => FieldValidation.Strict,
            _ => null,
        };
        if (validation is null)
        {
            return WrongOption(context, "fieldValidation", "FieldValueNotSupported",
                $"Unsupported value: \"{query["fieldValidation"]}\": supported values: \"\", \"Ignore\", \"Strict\", "
                + "\"Warn\"");
        }

        var manager = query["fieldManager"].ToString();
        if (manager.Length > MostManagerLength)
        {
            return WrongOption(context, "fieldManager", "FieldValueTooLong",
                $"Too long: may not be more than {MostManagerLength} bytes");
        }

        return new WriteOptions
        {
            DryRun = dryRun == "All",
            FieldValidation = validation.Value,
            FieldManager = manager.Length > 0 ? manager : FromUserAgent(context.Request.Headers.UserAgent.ToString()),
            Force = query["force"] == "true",
            Subresource = subresource,
        };
    }

    /// <summary>A client that names no field manager is known by the first word of its user agent.</summary>
    private static string FromUserAgent(string userAgent)
    {
        var end = userAgent.AsSpan().IndexOfAny('/', ' ');
        var name = end < 0 ? userAgent : userAgent[..end];
        return name.Length == 0 ? "unknown" : name[..Math.Min(name.Length, MostManagerLength)];
    }

    private static Result<Func<JsonObject, Result<JsonObject>>> PatchOf(
        HttpContext context, ApiTarget target, byte[] bytes)
    {
        var type = target.Type;
        switch (RequestBody.ContentType(context))
        {
            case "application/json-patch+json":
                return RequestBody.ParseList(bytes).Failed(out var badList, out var operations)
                    ? badList
                    : new Func<JsonObject, Result<JsonObject>>(current =>
                        JsonPatch.Apply(current, operations) is { } problem
                            ? ApiStatus.CannotPatch(problem)
                            : current);
            case "application/merge-patch+json":
                return ObjectFields.Parse(bytes, "error decoding patch").Failed(out var badMerge, out var merge)
                    ? badMerge
                    : Changing(current => MergePatch.Apply(current, merge));
            case "application/strategic-merge-patch+json" when !type.IsCustom:
                return ObjectFields.Parse(bytes, "error decoding patch").Failed(out var badPatch, out var strategic)
                    ? badPatch
                    : Changing(current => StrategicMergePatch.Apply(current, strategic, type.WholeSchema));
            default:
                return ApiStatus.UnsupportedMediaType("the body of the request was in an unknown format - accepted "
                    + "media types include: application/json-patch+json, application/merge-patch+json, "
                    + "application/apply-patch+yaml");
        }
    }

    private static Func<JsonObject, Result<JsonObject>> Changing(Action<JsonObject> change) => current =>
    {
        change(current);
        return current;
    };
}
