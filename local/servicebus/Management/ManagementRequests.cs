// Takes a management request to the entity it is about and writes the answer.
using System.Globalization;
using System.Net.WebSockets;
using System.Xml;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>
/// <code>
///   GET /health    GET /$metrics         GET /$namespaceinfo          GET /$Resources/{queues|topics}
///   GET /$servicebus/websocket: AMQP, for networks that let nothing else through
///   /{queue or topic}                    /{topic}/Subscriptions[/{sub}[/Rules[/{rule}]]]
///     GET one or list     PUT create     PUT + If-Match update        DELETE
/// </code>
/// Paths compare without case; entity names may contain slashes.
/// </summary>
internal sealed partial class ManagementRequests(
    Broker broker, AccessControl access, Func<WebSocket, Task> serveWebSocket, ILogger logger)
{
    private const string WebSocketPath = "$servicebus/websocket";
    private static readonly string[] WebSocketProtocols = ["AMQPWSB10", "amqp"];
    private const int DefaultTop = 100;
    private readonly EntityReader _reader = new(broker.Topology);

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await DispatchAsync(context);
        }
        catch (DescriptionFormatException problem)
        {
            await WriteErrorAsync(context, AdministrationError.Invalid(problem.Message));
        }
        catch (XmlException problem)
        {
            await WriteErrorAsync(
                context, AdministrationError.Invalid($"The body is not well-formed XML: {problem.Message}"));
        }
        catch (BadHttpRequestException problem)
        {
            await WriteErrorAsync(context, new AdministrationError(problem.StatusCode, 40000, problem.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception problem)
        {
            // The edge of the API: the log says what happened, the client that it was not its fault.
            Log.Failed(logger, problem, context.Request.Method, context.Request.Path);
            await WriteErrorAsync(
                context, new AdministrationError(500, 50000, "The request failed; the emulator's log says why."));
        }
    }

    private async Task DispatchAsync(HttpContext context)
    {
        var path = (context.Request.Path.Value ?? "").Trim('/');
        if (path.Equals("health", StringComparison.OrdinalIgnoreCase))
        {
            await WriteHealthAsync(context);
            return;
        }

        if (path.Equals("$metrics", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.ContentType = MetricsText.ContentType;
            await context.Response.WriteAsync(MetricsText.Of(broker.Counters));
            return;
        }

        if (path.Equals(WebSocketPath, StringComparison.OrdinalIgnoreCase) && context.WebSockets.IsWebSocketRequest)
        {
            await ServeWebSocketAsync(context);
            return;
        }

        var grant = access.Check(context.Request.Headers.Authorization.FirstOrDefault(), out var refusal);
        if (grant is null || !grant.Rights.HasFlag(AccessRights.Manage))
        {
            refusal = grant is null ? refusal : "The key of the token does not have the right to manage.";
            await WriteErrorAsync(context, new AdministrationError(401, 40103, refusal));
            return;
        }

        var target = ManagementTarget.Parse(path);
        var error = context.Request.Method switch
        {
            "GET" => await GetAsync(context, target),
            "PUT" => await PutAsync(context, target),
            "DELETE" => await DeleteAsync(context, target),
            _ => new AdministrationError(405, 40500, $"{context.Request.Method} is not supported here."),
        };
        if (error is not null)
        {
            await WriteErrorAsync(context, error);
        }
    }

    // The client's own list decides; one that names none is answered without.
    private async Task ServeWebSocketAsync(HttpContext context)
    {
        var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(
            name => WebSocketProtocols.Contains(name, StringComparer.OrdinalIgnoreCase));
        using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
        await serveWebSocket(socket);
    }

    private async Task WriteHealthAsync(HttpContext context)
    {
        // Truthful: a write goes through the journal to the disk and back.
        var healthy = await broker.Journal.RunAsync(_ => { });
        context.Response.StatusCode = healthy ? 200 : 503;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(healthy
            ? """{"status":"healthy","message":"Service is healthy."}"""
            : """{"status":"unhealthy","message":"The store cannot write; the emulator's log says why."}""");
    }

    private async Task<AdministrationError?> GetAsync(HttpContext context, ManagementTarget target)
    {
        if (target.Kind == TargetKind.Namespace)
        {
            var description = EntityXml.Namespace(broker.Time.GetUtcNow());
            await WriteAsync(context, 200, AtomWriter.Entry(context, "namespaceinfo", description));
            return null;
        }

        if (target.IsList)
        {
            return await ListAsync(context, target);
        }

        var content = _reader.Read(target);
        if (content is null && target.Kind == TargetKind.Entity)
        {
            // Azure answers so, and clients take it for "not found".
            await WriteAsync(context, 200, AtomWriter.Feed(context, "Publicly Listed Services", [], 0, DefaultTop));
            return null;
        }

        if (content is null)
        {
            return AdministrationError.NotFound(target.Path);
        }

        await WriteAsync(context, 200, AtomWriter.Entry(context, content.Title, content.Xml));
        return null;
    }

    private async Task<AdministrationError?> ListAsync(HttpContext context, ManagementTarget target)
    {
        if (_reader.List(target) is not { } all)
        {
            return AdministrationError.NotFound(target.Path);
        }

        var skip = Query(context, "$skip", 0);
        var top = Math.Clamp(Query(context, "$top", DefaultTop), 1, 1_000);
        await WriteAsync(context, 200, AtomWriter.Feed(context, target.ListTitle, all, skip, top));
        return null;
    }

    private async Task<AdministrationError?> PutAsync(HttpContext context, ManagementTarget target)
    {
        var description = await DescriptionXml.LoadAsync(context.Request.Body, context.RequestAborted);
        var update = context.Request.Headers.IfMatch.Count > 0;
        var error = await new EntityWriter(broker.Administration, broker.Topology)
            .PutAsync(target, description, update, context.RequestAborted);
        if (error is not null)
        {
            return error;
        }

        var content = _reader.Read(target);
        if (content is null)
        {
            return AdministrationError.NotFound(target.Path);
        }

        await WriteAsync(context, update ? 200 : 201, AtomWriter.Entry(context, content.Title, content.Xml));
        return null;
    }

    private async Task<AdministrationError?> DeleteAsync(HttpContext context, ManagementTarget target)
    {
        var error = target switch
        {
            { Kind: TargetKind.Rule, IsList: false } => await broker.Administration.DeleteRuleAsync(
                target.Topic!, target.Subscription!, target.Rule!, context.RequestAborted),
            { Kind: TargetKind.Entity or TargetKind.Subscription, IsList: false } =>
                await broker.Administration.DeleteAsync(target.Path, context.RequestAborted),
            _ => new AdministrationError(405, 40500, "Only single entities can be deleted."),
        };
        context.Response.StatusCode = 200;
        return error;
    }

    private static int Query(HttpContext context, string name, int otherwise) =>
        int.TryParse(context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;

    private static async Task WriteAsync(HttpContext context, int status, AtomDocument document)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = document.ContentType;
        await context.Response.WriteAsync(document.Text, context.RequestAborted);
    }

    private async Task WriteErrorAsync(HttpContext context, AdministrationError error)
    {
        if (!context.Response.HasStarted)
        {
            await WriteAsync(context, error.Status, AtomWriter.Error(error, broker.Time.GetUtcNow()));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, Exception problem, string method, string path);
    }
}
