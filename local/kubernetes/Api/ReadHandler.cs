// GET of one object and of lists: JSON, Table or metadata alone; selectors and pages.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Printing;
using ServerlessEventing.Local.Kubernetes.Storage;
using ServerlessEventing.Local.Kubernetes.Writes;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>Reads; everything comes from memory.</summary>
public sealed class ReadHandler(ObjectStore store, TimeProvider time)
{
    public async Task GetAsync(HttpContext context, ApiTarget target)
    {
        var type = target.Type;
        if (ReadParameters.VersionOf(context.Request.Query, store.ResourceVersion, out _) is { } wrongVersion)
        {
            await context.StatusAsync(wrongVersion);
            return;
        }

        if (store.Find(type.Key(target.Namespace, target.Name)) is not { } stored)
        {
            await context.StatusAsync(type.NotFound(target.Name));
            return;
        }

        var form = Negotiation.Of(context.Request.Headers.Accept);
        if (target.Subresource == "scale")
        {
            await context.JsonAsync(ScaleView.Of(type, VersionConversion.FromStorage(type, stored)));
        }
        else if (form.Form == Form.Json)
        {
            await context.BytesAsync(Bytes(type, stored));
        }
        else if (form.Form == Form.NotAcceptable)
        {
            await context.StatusAsync(NotAcceptable);
        }
        else
        {
            await context.JsonAsync(Shaped(context, type, form, [stored], new JsonObject
            {
                ["resourceVersion"] = $"{stored.ResourceVersion}",
            }, single: true));
        }
    }

    public async Task ListAsync(HttpContext context, ApiTarget target)
    {
        if (Selection.Parse(context.Request.Query, target).Failed(out var failure, out var selection))
        {
            await context.StatusAsync(failure);
            return;
        }

        var (objects, version) = store.List(target.Type.StorageName, selection.Namespace);
        var page = Page.Of(context.Request.Query, objects, selection, version);
        if (page.Failed(out failure, out var taken))
        {
            await context.StatusAsync(failure);
            return;
        }

        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (taken.Continue.Length > 0)
        {
            metadata["continue"] = taken.Continue;
            metadata["remainingItemCount"] = taken.Remaining;
        }

        var form = Negotiation.Of(context.Request.Headers.Accept);
        if (form.Form == Form.NotAcceptable)
        {
            await context.StatusAsync(NotAcceptable);
        }
        else if (form.Form == Form.Table && UnknownRowObject(context) is { } unknown)
        {
            await context.StatusAsync(unknown);
        }
        else if (form.Form == Form.Json)
        {
            if (target.Type.IsCustom)
            {
                metadata.Default("continue", "");
            }

            await WriteListAsync(context, target.Type, metadata, taken.Objects);
        }
        else
        {
            await context.JsonAsync(Shaped(context, target.Type, form, taken.Objects, metadata, single: false));
        }
    }

    public static ApiStatus NotAcceptable => ApiStatus.NotAcceptable(
        "only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io, "
        + "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");

    /// <summary>The stored bytes as they are where the versions agree.</summary>
    public static byte[] Bytes(ResourceType type, StoredObject stored) =>
        type.ApiVersion == type.StorageApiVersion
            ? stored.Json
            : ObjectFields.Bytes(VersionConversion.FromStorage(type, stored));

    /// <summary>The printer a client's Accept header and includeObject ask for.</summary>
    public TablePrinter Printer(HttpContext context, ResourceType type, string version)
    {
        var include = (string?)context.Request.Query["includeObject"] switch
        {
            "None" => RowObject.None,
            "Object" => RowObject.Object,
            _ => RowObject.Metadata,
        };
        return new TablePrinter(type, time, version.Length == 0 ? "v1" : version, include);
    }

    private static ApiStatus? UnknownRowObject(HttpContext context) =>
        context.Request.Query["includeObject"].ToString() is var given
        && given is "" or "None" or "Metadata" or "Object"
            ? null
            : ApiStatus.BadRequest("Unable to convert to Table as requested: includeObject: Invalid value: "
                + $"\"{given}\": must be 'Metadata', 'Object', 'None', or empty");

    private JsonObject Shaped(
        HttpContext context, ResourceType type, Negotiation form, IReadOnlyList<StoredObject> objects,
        JsonObject metadata, bool single)
    {
        var bodies = objects.Select(stored => VersionConversion.FromStorage(type, stored));
        if (form.Form == Form.Table)
        {
            return Printer(context, type, form.Version).Table(bodies, metadata);
        }

        if (single)
        {
            return TablePrinter.PartialMetadata(bodies.First(), form.Version);
        }

        return new JsonObject
        {
            ["kind"] = "PartialObjectMetadataList",
            ["apiVersion"] = $"meta.k8s.io/{form.Version}",
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. bodies.Select(body => TablePrinter.PartialMetadata(body, form.Version))]),
        };
    }

    private static async Task WriteListAsync(
        HttpContext context, ResourceType type, JsonObject metadata, IReadOnlyList<StoredObject> objects)
    {
        context.Response.ContentType = "application/json";
        var writer = context.Response.BodyWriter;
        var head = $"{{\"kind\":\"{type.ListKind}\",\"apiVersion\":\"{type.ApiVersion}\",\"metadata\":"
            + $"{metadata.ToJsonString(ObjectFields.Compact)},\"items\":[";
        await writer.WriteAsync(Encoding.UTF8.GetBytes(head), context.RequestAborted);
        for (var at = 0; at < objects.Count; at++)
        {
            if (at > 0)
            {
                await writer.WriteAsync(","u8.ToArray(), context.RequestAborted);
            }

            await writer.WriteAsync(Bytes(type, objects[at]), context.RequestAborted);
        }

        await writer.WriteAsync("]}"u8.ToArray(), context.RequestAborted);
    }
}
