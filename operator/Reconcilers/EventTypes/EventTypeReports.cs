// POST /eventtypes: what the functions saw.
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Operator.Reconcilers.EventTypes;

/// <summary>
/// <code>
///   POST /eventtypes   {"types":[{"ingress":"uid","type":"com.example.made","source":"/shop"}]}
///   taken, whatever becomes of it       202
///   no such report, or too long         400, 413
///   wrong or no bearer token            401, as for the routing table
///   nobody wants to know                404
/// </code>
/// </summary>
public static class EventTypeReports
{
    public const string Path = "/eventtypes";

    public static async Task AnswerAsync(HttpContext context, EventTypeMaker maker)
    {
        if (context.Request.ContentLength is null or > EventTypeReport.MaxBytes)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        using var body = new MemoryStream((int)context.Request.ContentLength);
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var report = EventTypeReport.FromUtf8(body.GetBuffer().AsSpan(0, (int)body.Length));
        if (report is null || report.Types.Count > EventTypeReport.MaxTypes)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        maker.Offer(report.Types);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }
}
